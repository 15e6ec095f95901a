"""Which columns the lines of each file or partition have: those of the header that came last there."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.record import Record

Layout = tuple[str, ...]
_MOST_PLACES = 1_024
"""Files that are read to their end need none any more; a topic with more partitions is unheard of."""


class CsvLayouts:
    """The names of the columns, in order, by topic and partition; a file's topic is its own."""

    def __init__(self) -> None:
        self.first: Layout = ()
        """The columns that are configured, or those of the first header: of all places without a header."""
        self._others: OrderedDict[tuple[str, int], Layout] = OrderedDict()

    def of(self, record: Record) -> Layout:
        """Return the columns of a record's line."""
        if not self._others:
            return self.first
        return self._others.get((record.topic, record.partition), self.first)

    def of_all(self, records: Sequence[Record]) -> Layout | None:
        """Return the columns of all lines, None where they differ."""
        if not self._others:
            return self.first
        found = {self.of(record) for record in records}
        return found.pop() if len(found) == 1 else None

    def take(self, layout: Layout, record: Record) -> None:
        """Take note that the lines after a record, which is a header, have these columns."""
        place = record.topic, record.partition
        self._others.pop(place, None)
        if layout != self.first:
            self._others[place] = layout
            while len(self._others) > _MOST_PLACES:
                self._others.popitem(last=False)

    def state_dict(self) -> dict[str, Any]:
        """Return all columns, as JSON values."""
        others = [[topic, partition, list(layout)] for (topic, partition), layout in self._others.items()]
        return {"columns": list(self.first), "layouts": others}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state."""
        self.first = tuple(state["columns"])
        self._others = OrderedDict(
            ((topic, partition), tuple(layout)) for topic, partition, layout in state["layouts"]
        )

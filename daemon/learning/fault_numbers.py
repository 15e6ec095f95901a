"""Which events of some records are faults, by number: as it is, however the records are grouped into calls."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from connectors.record import event_index

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.decoder import Reject
    from connectors.record import Record


class NumberedFaults(NamedTuple):
    """Rejects that are faults, each with its number among ``events`` events, from 0, in their order."""

    numbers: Sequence[int]
    rejects: Sequence[Reject]
    events: int

    @staticmethod
    def among(records: Sequence[Record], rejects: Sequence[Reject], *, others: Sequence[Record]) -> NumberedFaults:
        """Return the faults among the events of ``records``; ``others`` are those that are no rejects.

        A record is one event, or as many as its message holds.
        """
        rejected = [reject.record for reject in rejects]
        several = any(event_index(record) is not None for record in [*others[:1], *rejected])
        if not (rejects or several):
            return NumberedFaults((), (), len(records))
        sizes = [1] * len(records)
        places = {_place(record): place for place, record in enumerate(records)}
        if several:
            _measure(sizes, places, [*others, *rejected])
        faults = [reject for reject in rejects if not reject.expected]
        starts = list(accumulate(sizes, initial=0))
        numbers = [starts[places[_place(each.record)]] + (event_index(each.record) or 0) for each in faults]
        return NumberedFaults(numbers, faults, starts[-1])


def _measure(sizes: list[int], places: Mapping[tuple[str, int, int], int], events: Sequence[Record]) -> None:
    """Let each message have the size that its last event tells."""
    for event in events:
        place = places[_place(event)]
        sizes[place] = max(sizes[place], (event_index(event) or 0) + 1)


def _place(record: Record) -> tuple[str, int, int]:
    return record.topic, record.partition, record.offset

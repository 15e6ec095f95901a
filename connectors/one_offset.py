"""What sources have in common whose events are numbered through, one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.record import Record


class OneOffset:
    """A source whose snapshot has the ``offset`` of the next event: that alone tells what was delivered."""

    _offset: int

    def lies_before(self, snapshot: Mapping[str, Any]) -> Callable[[Record], bool]:
        """Return what compares a record's offset with the snapshot's."""
        end: int = snapshot["offset"]
        return lambda record: record.offset < end

    def has_passed(self, snapshot: Mapping[str, Any]) -> bool:
        """Tell whether the snapshot's offset is reached."""
        return bool(self._offset >= snapshot["offset"])

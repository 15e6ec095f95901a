"""What was answered already, where an earlier state learns it again: it is not published twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from connectors.source import Rewindable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.record import Record
    from connectors.source import Source


class OfRecord(Protocol):
    """A prediction, or a reject."""

    @property
    def record(self) -> Record:
        """The event that it is of."""


Said = TypeVar("Said", bound=OfRecord)


class Answered:
    """Lets through what is of records that nobody has seen before.

    ``until`` are the positions, as a snapshot of the source, before which everything was answered; none where
    nothing is learned again. It is a part of the state.
    """

    def __init__(self, source: Source, until: Mapping[str, Any] | None = None) -> None:
        self._source = source
        self._until: Mapping[str, Any] = until or {}
        self._lies_before: Callable[[Record], bool] | None = None
        if self._until:
            assert isinstance(source, Rewindable), "nobody went back otherwise"
            self._lies_before = source.lies_before(self._until)

    @property
    def again(self) -> bool:
        """Whether what was answered already is still being learned again."""
        return self._lies_before is not None

    def new(self, said: Sequence[Said]) -> Sequence[Said]:
        """Return what is of records that were not answered before."""
        before = self._lies_before
        return said if before is None else [each for each in said if not before(each.record)]

    def look(self) -> None:
        """See whether the source is past all of it."""
        if self._until and isinstance(self._source, Rewindable) and self._source.has_passed(self._until):
            self._until, self._lies_before = {}, None

    def state_dict(self) -> dict[str, Any]:
        """Return the positions; none where nothing is learned again."""
        return dict(self._until)

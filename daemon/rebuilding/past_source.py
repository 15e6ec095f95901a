"""A source of what was delivered before some positions, without what is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.source import Rewindable, SourceDataError, why_not_all_before

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.record import Record
    from connectors.source import Source, SourceStatus

    LeavesOut = Callable[[Sequence[Record]], Sequence[Record]]
    """Returns the records that are to be seen."""


class PastSource:
    """Delivers what another source does up to ``until``, and is exhausted there; nobody else hears of it.

    What a poll brings from behind these positions is dropped: at the end, the snapshot is ``until`` itself, and
    whoever goes on from there reads it again. Before that, a snapshot belongs to the same ``until``.
    """

    def __init__(self, source: Source, *, until: Mapping[str, Any], without: LeavesOut) -> None:
        if not isinstance(source, Rewindable):
            raise SourceDataError("the source cannot deliver again what it has delivered: nothing can be relearned")
        self._source = source
        self._until = dict(until)
        self._lies_before: Callable[[Record], bool] = source.lies_before(until)
        self._without = without

    def open(self, snapshot: Mapping[str, Any] | None) -> None:
        """Open the source there, or at its start."""
        self._source.open(snapshot)

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[Record]:
        """Return up to ``max_records`` of the records that are to be seen.

        Raises ``SourceDataError`` where the source ends before ``until``, or has come there another way.
        """
        if self._is_through():
            return []
        most = min(max_records, self._left) if max_records else 0
        records = self._source.poll(most, timeout_seconds)
        if self._source.exhausted and not self._is_through():
            raise SourceDataError("the source ends before what the daemon has read of it: something is gone")
        if self._is_through():
            self._require_the_same()
        return self._without([record for record in records if self._lies_before(record)])

    @property
    def _left(self) -> int:
        """How many records there are until the end, where they are numbered through; else any number."""
        if "offset" not in self._until:
            return 1 << 31
        return max(1, int(self._until["offset"]) - int(self._source.snapshot().get("offset", 0)))

    def _require_the_same(self) -> None:
        """Raise where the files that were read are others than those that the daemon has read."""
        if "files" in self._until and _read(self._source.snapshot()) != _read(self._until):
            raise SourceDataError(
                "the files are not those that the daemon has read: so many records of others come before the place"
                " where it stands; put them back as they were"
            )

    def snapshot(self) -> dict[str, Any]:
        """Return the positions after all that was delivered."""
        return dict(self._until) if self.exhausted else self._source.snapshot()

    def why_not_all(self) -> str:
        """Return why not all that the daemon has read can be read again; empty where it can. It was polled."""
        return why_not_all_before(self._source, self._until)

    def commit(self, snapshot: Mapping[str, Any]) -> bool:
        """Return True: these positions are nobody else's."""
        del snapshot
        return True

    def status(self) -> SourceStatus:
        """Return what the source says of itself."""
        return self._source.status()

    @property
    def exhausted(self) -> bool:
        """Whether all was delivered."""
        return self._is_through()

    def _is_through(self) -> bool:
        return self._source.has_passed(self._until)

    def close(self) -> None:
        """Close the source."""
        self._source.close()


def _read(snapshot: Mapping[str, Any]) -> dict[tuple[str, int], int]:
    return {(place["path"], place["nth"]): place["records"] for place in snapshot["files"] if place["records"]}

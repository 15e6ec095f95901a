"""A source that begins with an archive in files: what its topic does not have any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.files.source import FileSource
from connectors.files.source_options import FileSourceOptions
from connectors.source import Rewindable, SourceDataError, why_not_back_to

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.record import Record
    from connectors.source import Source, SourceStatus

_ARCHIVE = "archive"


class ArchivedSource:
    """Delivers all lines of the archive's files, then what the source does from its start.

    On the operator's word the archive ends where the source begins: nothing in a line says where it was in a topic.
    A snapshot within the archive has the place there; one behind it is the source's own.
    """

    def __init__(self, paths: Sequence[str], source: Source) -> None:
        if not isinstance(source, Rewindable):
            raise SourceDataError("the source cannot deliver again what it has delivered: nothing can be relearned")
        self._archive = FileSource(FileSourceOptions(path=tuple(paths)))
        self._source = source
        self._is_through = False
        self._is_of_archive = False

    def open(self, snapshot: Mapping[str, Any] | None) -> None:
        """Go to a place in the archive, to one of the source, or to the archive's start."""
        self._is_through = snapshot is not None and _ARCHIVE not in snapshot
        if not self._is_through:
            self._archive.open(None if snapshot is None else snapshot[_ARCHIVE])
        self._source.open(snapshot if self._is_through else None)

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[Record]:
        """Return up to ``max_records`` records, of the archive or of the source."""
        if not self._is_through and max_records:
            self._is_of_archive = True
            if (records := self._archive.poll(max_records, timeout_seconds)) or not self._archive.exhausted:
                return records
            self._is_through = True
            self._archive.close()
        self._is_of_archive = False
        return self._source.poll(max_records, timeout_seconds)

    def snapshot(self) -> dict[str, Any]:
        """Return the place in the archive, or the positions behind it."""
        return self._source.snapshot() if self._is_through else {_ARCHIVE: self._archive.snapshot()}

    def why_not_back_to(self, snapshot: Mapping[str, Any]) -> str:
        """Return why the source cannot go on from an earlier snapshot now; empty where it can."""
        return why_not_back_to(self._source, snapshot)

    def why_not_all_before(self, snapshot: Mapping[str, Any]) -> str:
        """Return nothing: what the source has lost is in the archive, on the operator's word."""
        del snapshot
        return ""

    def lies_before(self, snapshot: Mapping[str, Any]) -> Callable[[Record], bool]:
        """Return what tells of a record of the newest poll whether a snapshot of the source is behind it."""
        of_source = self._source.lies_before(snapshot)
        return lambda record: self._is_of_archive or of_source(record)

    def has_passed(self, snapshot: Mapping[str, Any]) -> bool:
        """Tell whether the archive was read, and the source up to a snapshot."""
        return self._is_through and self._source.has_passed(snapshot)

    def commit(self, snapshot: Mapping[str, Any]) -> bool:
        """Return True: nobody hears of it."""
        del snapshot
        return True

    def status(self) -> SourceStatus:
        """Return how far the archive was read, or the source."""
        return self._source.status() if self._is_through else self._archive.status()

    @property
    def exhausted(self) -> bool:
        """Whether the source is, behind the archive."""
        return self._is_through and self._source.exhausted

    def close(self) -> None:
        """Close both."""
        self._archive.close()
        self._source.close()

"""Events from files: lines of CSV or JSON, and IDX images."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from connectors.files.csv_records import CsvRecords
from connectors.files.idx_records import IdxRecords, is_idx
from connectors.files.line_records import LineRecords
from connectors.files.patterns import expand
from connectors.files.source_options import FileSourceOptions
from connectors.rate_limit import RateLimit
from connectors.record import LocalRecord
from connectors.source import PartitionStatus, SourceDataError, SourceStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.files.source_options import FileEntry


class FileSource:
    """Delivers the records of files in order; the offset counts records across all files."""

    Options: ClassVar[type[FileSourceOptions]] = FileSourceOptions

    def __init__(
        self,
        options: FileSourceOptions,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._options = options
        self._clock = clock
        self._rate_limit = RateLimit(options.rate, monotonic=monotonic, sleep=sleep)
        self._files: list[FileEntry] = []
        self._current = 0
        self._reader: LineRecords | IdxRecords | None = None
        self._offset = 0
        self._pass_start = 0
        self._failure: SourceDataError | None = None
        self._last_progress = clock()

    def open(self, snapshot: Mapping[str, Any] | None) -> None:
        """Find the files and go to the snapshot's position; raise ``SourceDataError`` with the remedy."""
        self.close()
        self._failure = None
        self._files = expand(self._options)
        state: Mapping[str, Any] = snapshot or {"offset": 0, "file": 0, "record": 0, "path": self._files[0].path}
        self._current, self._offset = state["file"], state["offset"]
        self._pass_start = -1 if state["file"] or state["record"] else self._offset
        self._last_progress = self._clock()
        self._check_file(state["path"])
        if not self.exhausted:
            self._reader = self._open_current()
            self._reader.skip(state["record"])

    def _check_file(self, path: str | None) -> None:
        if path is not None and path not in [entry.path for entry in self._files[self._current :][:1]]:
            raise SourceDataError(
                f"source.path: the checkpoint stopped in {path}, which is no longer file {self._current + 1} "
                "of the list; restore the list or start with an empty checkpoint directory"
            )

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[LocalRecord]:
        """Return up to ``max_records`` records, as the rate allows; raise ``SourceDataError`` for a damaged file.

        What could be read before the damage is delivered first.
        """
        if self._failure is not None:
            raise self._failure
        if self.exhausted:
            return []
        records: list[LocalRecord] = []
        try:
            self._fill(records, self._rate_limit.due(max_records, timeout_seconds))
        except SourceDataError as error:
            if not records:
                raise
            self._failure = error
        if records:
            self._rate_limit.delivered(len(records))
            self._last_progress = self._clock()
        return records

    def _fill(self, records: list[LocalRecord], wanted: int) -> None:
        while len(records) < wanted and not self.exhausted:
            assert self._reader is not None, "open comes before poll"
            entry = self._files[self._current]
            topic, fixed = self._topic(entry), self._headers(entry)
            while len(records) < wanted and (item := self._reader.read()) is not None:
                value, label = item
                headers = fixed if label is None else [("label", label.encode()), *fixed]
                records.append(LocalRecord(topic, 0, self._offset, -1, None, value, list(headers)))
                self._offset += 1
            if len(records) < wanted:
                self._next_file()

    def _next_file(self) -> None:
        self.close()
        self._current += 1
        if self._options.loop and self._current == len(self._files):
            if self._offset == self._pass_start:
                raise SourceDataError("source.path: the files hold no record at all, so loop: true would never end")
            self._current, self._pass_start = 0, self._offset
        if not self.exhausted:
            self._reader = self._open_current()

    def _open_current(self) -> LineRecords | IdxRecords:
        entry = self._files[self._current]
        if self._options.format == "idx" or (self._options.format == "auto" and is_idx(entry.path)):
            return IdxRecords(entry.path, entry.labels)
        return CsvRecords(entry.path) if self._options.format == "csv" else LineRecords(entry.path)

    def _topic(self, entry: FileEntry) -> str:
        return entry.topic or Path(entry.path).name.split(".")[0] or "file"

    def _headers(self, entry: FileEntry) -> list[tuple[str, bytes]]:
        return [] if entry.task is None else [("task", entry.task.encode())]

    def snapshot(self) -> dict[str, Any]:
        """Return the next offset, and the file and the record in it where that is."""
        return {
            "offset": self._offset,
            "file": self._current,
            "record": 0 if self._reader is None else self._reader.position,
            "path": None if self.exhausted else self._files[self._current].path,
        }

    def commit(self, snapshot: Mapping[str, Any]) -> None:
        """Nobody else reads at these positions."""

    def status(self) -> SourceStatus:
        """Return the position in the current file's topic."""
        entry = self._files[min(self._current, len(self._files) - 1)] if self._files else None
        if entry is None:
            return SourceStatus(ready=False, reason="not open yet")
        end = self._offset if self.exhausted else None
        partition = PartitionStatus(self._topic(entry), 0, self._offset, end, self._last_progress)
        return SourceStatus(ready=True, reason="", partitions=(partition,))

    @property
    def exhausted(self) -> bool:
        """Whether the last file was read to its end; never when looping."""
        return bool(self._files) and self._current >= len(self._files)

    def close(self) -> None:
        """Close the current file."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

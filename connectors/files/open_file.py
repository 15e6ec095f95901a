"""The file that is being read, and what becomes of it meanwhile."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.files.csv_records import CsvRecords
from connectors.files.idx_records import IdxRecords, is_idx
from connectors.files.input_file import damage_named
from connectors.files.line_records import LineRecords
from connectors.files.place import FileEnd, FilePlace

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.files.source_options import FileEntry, FileSourceOptions

log = logging.getLogger(__name__)

LATE_SECONDS = 1.0  # for so long a writer may go on with a file that was moved away


class OpenFile:
    """One file of the list, open at a place; see ``LineRecords`` for what is different where it is followed."""

    def __init__(
        self,
        entry: FileEntry,
        place: FilePlace,
        *,
        options: FileSourceOptions,
        monotonic: Callable[[], float],
    ) -> None:
        self.entry = entry
        self._nth = place.nth
        self._follow = options.follow
        self._monotonic = monotonic
        self._end: FileEnd | None = None
        self._quiet_since: float | None = None
        self._reader: LineRecords | IdxRecords
        if options.format == "idx" or (options.format == "auto" and is_idx(entry.path)):
            self._reader = IdxRecords(entry.path, entry.labels)
        else:
            lines = CsvRecords if options.format == "csv" else LineRecords
            self._reader = lines(entry.path, whole_lines=self._follow)
        try:
            self._reader.go_to(place)
        except BaseException:
            self.close()
            raise

    def read(self) -> tuple[bytes, str | None] | None:
        """Return the next item and its label, None at the present end; raise ``SourceDataError``."""
        item = self._reader.read()
        if item is None:
            # What is known of the end is from before the last look: what comes in between is noticed later.
            end = FileEnd.of(os.fstat(self._reader.descriptor))
            item = self._reader.read()
            self._end = end
        if item is not None:
            self._end = self._quiet_since = None
        return item

    @property
    def records(self) -> int:
        """How many of its records were read."""
        return self._reader.records

    def take_rest(self) -> tuple[bytes, str | None] | None:
        """Return a last record that had no end, of a file that is over."""
        return self._reader.take_rest()

    def place(self) -> FilePlace:
        """Return where it was read to."""
        reader = self._reader
        with damage_named(self.entry.path, reader.records):
            known = reader.fingerprint()
        return FilePlace(self.entry.path, self._nth, reader.records, reader.bytes, reader.unended, self._end, known)

    @property
    def moved_away(self) -> bool:
        """Whether its path leads to another file by now, or to none."""
        try:
            return Path(self.entry.path).stat().st_ino != os.fstat(self._reader.descriptor).st_ino
        except FileNotFoundError:
            return True

    @property
    def over(self) -> bool:
        """Whether nothing more will come: it was moved away, and has been quiet since for a while."""
        if not self.moved_away:
            self._quiet_since = None
            return False
        now = self._monotonic()
        self._quiet_since = now if self._quiet_since is None else self._quiet_since
        return now - self._quiet_since >= LATE_SECONDS

    @property
    def was_cut(self) -> bool:
        """Whether it is shorter than what was read of it."""
        reader = self._reader
        if isinstance(reader, IdxRecords) or reader.packed:
            return False
        return os.fstat(reader.descriptor).st_size < reader.bytes + reader.unended

    def close(self) -> None:
        """Close it."""
        self._reader.close()

"""The lines of a text file as payloads, one after another, plain or gzip."""

from __future__ import annotations

import gzip
import logging
from typing import TYPE_CHECKING

from connectors.files.fingerprint import Fingerprint
from connectors.files.input_file import damage_named, open_binary
from connectors.files.place import UNKNOWN
from connectors.source import SourceDataError

if TYPE_CHECKING:
    from connectors.files.place import FilePlace

log = logging.getLogger(__name__)

LONGEST_LINE_BYTES = 64 * 1024 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class LineRecords:
    """The non-blank lines of one file, without their line ends; never more than one line in memory.

    A last line without a line end is a record, but for a file that is followed (``whole_lines``): there it waits
    for its end, until ``take_rest``.
    """

    def __init__(self, path: str, *, whole_lines: bool = False) -> None:
        self._path = path
        self._file = open_binary(path)
        self._packed = isinstance(self._file, gzip.GzipFile)
        self._whole_lines = whole_lines
        self._rest = b""
        self.records = 0
        """Records that were delivered, from the file's start."""
        self.bytes = 0
        """Where the line after the last whole one begins."""
        self.unended = 0
        """Bytes of a last line that was delivered though it had no end."""

    def go_to(self, place: FilePlace) -> None:
        """Go to a place in this file; raise ``SourceDataError`` where it is shorter than that."""
        if place.bytes == UNKNOWN:
            self._pass(place.records)
            return
        self.records, self.bytes = place.records, place.bytes
        with damage_named(self._path, self.records):
            self._file.seek(place.bytes)
            if place.unended:
                self._pass_unended(place.unended)

    def _pass_unended(self, delivered: int) -> None:
        line = self._record(b"")
        if line[:delivered].rstrip(b"\r\n") != line.rstrip(b"\r\n"):
            log.warning(
                "%s: record %d was delivered before its line had an end; the whole line comes once more",
                self._path, self.records - 1,
            )  # fmt: skip
            self._rest = line
        elif self._ends(line):
            self.bytes += len(line)
        else:
            self.unended = len(line)

    def _pass(self, records: int) -> None:
        while self.records < records:
            if self.read() is None:
                raise SourceDataError(
                    f"{self._path}: has {self.records} records, but the checkpoint stopped after {records}; "
                    "restore the file or start with an empty checkpoint directory"
                )

    def read(self) -> tuple[bytes, str | None] | None:
        """Return the next line (it has no label of its own), None at the end; raise ``SourceDataError``."""
        with damage_named(self._path, self.records):
            while line := self._line():
                if payload := self._payload(line):
                    return payload, None
        return None

    def take_rest(self) -> tuple[bytes, str | None] | None:
        """Return a last line whose end will not come any more, None where there is none."""
        line, self._rest = self._rest, b""
        self.unended = len(line)
        payload = self._payload(line)
        return (payload, None) if payload else None

    def _line(self) -> bytes:
        """Return the next line that may be delivered, empty where there is none."""
        rest, self._rest = self._rest, b""
        line = self._record(rest)
        if line and self.unended:
            return self._grown_line()
        if self._ends(line):
            self.bytes += len(line)
        elif self._whole_lines:
            self._rest, line = line, b""
        elif line:
            self.unended = len(line)
        return line

    def _record(self, begun: bytes) -> bytes:
        """Return a record with its end, or all that there is of it by now; ``begun`` was read already."""
        record = begun
        while not self._ends(record) and (line := self._file.readline(LONGEST_LINE_BYTES)):
            record += line
            if len(record) >= LONGEST_LINE_BYTES:
                raise SourceDataError(
                    f"{self._path}: record {self.records} is a line of over {LONGEST_LINE_BYTES} bytes; "
                    "is this a text file with one event per line?"
                )
        return record

    def _ends(self, record: bytes) -> bool:
        """Whether nothing more belongs to a record."""
        return record.endswith(b"\n")

    def _grown_line(self) -> bytes:
        """Return the next line where more has come of one that was delivered as the last."""
        delivered, self.unended = self.unended, 0
        self._file.seek(self.bytes)
        self._pass_unended(delivered)
        return self._line()

    def _payload(self, line: bytes) -> bytes:
        """Return a line without its end, and count it; empty where it is blank."""
        if self.records == 0:
            line = line.removeprefix(BYTE_ORDER_MARK)
        line = line.rstrip(b"\r\n")
        if not line.strip(b" "):
            return b""
        self.records += 1
        return line

    @property
    def descriptor(self) -> int:
        """The open file's descriptor."""
        return self._file.fileno()

    @property
    def packed(self) -> bool:
        """Whether the file is gzip: what it holds has other positions than the file."""
        return self._packed

    def fingerprint(self) -> Fingerprint:
        """Return that of what was read last, or of a packed file's head. Raises OSError."""
        if self._packed:
            return Fingerprint.of_head(self._path)
        return Fingerprint.of_open(self.descriptor, self.bytes + self.unended)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

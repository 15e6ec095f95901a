"""The lines of a text file as payloads, one after another, plain or gzip."""

from __future__ import annotations

from connectors.files.input_file import damage_named, open_binary
from connectors.source import SourceDataError

LONGEST_LINE_BYTES = 64 * 1024 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class LineRecords:
    """The non-blank lines of one file, without their line ends; never more than one line in memory."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = open_binary(path)
        self.position = 0
        """The number of the next record in this file."""

    def read(self) -> tuple[bytes, str | None] | None:
        """Return the next line (it has no label of its own), None at the end; raise ``SourceDataError``."""
        with damage_named(self._path, self.position):
            while line := self._file.readline(LONGEST_LINE_BYTES):
                if len(line) == LONGEST_LINE_BYTES:
                    raise SourceDataError(
                        f"{self._path}: record {self.position} is a line of over {LONGEST_LINE_BYTES} bytes; "
                        "is this a text file with one event per line?"
                    )
                if self.position == 0:
                    line = line.removeprefix(BYTE_ORDER_MARK)
                line = self._whole(line).rstrip(b"\r\n")
                if line.strip(b" "):
                    self.position += 1
                    return line, None
        return None

    def _whole(self, line: bytes) -> bytes:
        """Return the record that begins with a line: here, the line."""
        return line

    def skip(self, records: int) -> None:
        """Pass that many records; raise ``SourceDataError`` where there are fewer."""
        while self.position < records:
            if self.read() is None:
                raise SourceDataError(
                    f"{self._path}: has {self.position} records, but the checkpoint stopped after {records}; "
                    "restore the file or start with an empty checkpoint directory"
                )

    def close(self) -> None:
        """Close the file."""
        self._file.close()

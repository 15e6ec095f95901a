"""The records of a CSV file as payloads: a line each, or more where a quoted value has line breaks.

RFC 4180, section 2, point 6. A quote opens a value only where a value begins, so an inch mark does not.
"""

from __future__ import annotations

import re

from connectors.files.line_records import LineRecords
from connectors.source import SourceDataError

OPENING = re.compile(rb'(?:^|[,;|\t])"')
MOST_LINES = 1_000


class CsvRecords(LineRecords):
    """The records of one file, without their line ends; never more than one record in memory."""

    def _ends(self, record: bytes) -> bool:
        if not super()._ends(record) or not leaves_open(record, is_open=False):
            return super()._ends(record)
        if record.count(b"\n") >= MOST_LINES:
            raise SourceDataError(
                f"{self._path}: record {self.records} (counted from 0) has a quote that is not closed within"
                f" {MOST_LINES} lines; close it, or set source.format to lines, which rejects that line alone"
            )
        return False


def leaves_open(line: bytes, *, is_open: bool) -> bool:
    """Tell whether a quoted value goes on after the line; ``is_open`` says whether one does before it.

    >>> leaves_open(b'7,"two', is_open=False), leaves_open(b'lines",8', is_open=True)
    (True, False)
    >>> leaves_open(b'5" pipe,8', is_open=False), leaves_open(b'8,"a ""b', is_open=False)
    (False, True)
    """
    place = 0
    while True:
        if not is_open:
            found = OPENING.search(line, place)
            if found is None:
                return False
            is_open, place = True, found.end()
        quote = line.find(b'"', place)
        if quote < 0:
            return True
        is_open = line[quote + 1 : quote + 2] == b'"'  # two of them are one within the value
        place = quote + (2 if is_open else 1)

"""A reject as a message: whole, and in ever smaller forms for a topic that does not take it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from connectors.kafka.outgoing import Outgoing, SourcePosition
from connectors.record import event_index, size_of_headers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.decoder import Reject
    from connectors.record import Record

log = logging.getLogger(__name__)

PREFIX = "__connect.errors."  # as Kafka Connect's DeadLetterQueueReporter writes them
VALUE_HEADER = "__retaind.errors.value"
TIMESTAMP_HEADER = "__retaind.errors.timestamp"
INDEX_HEADER = "__retaind.errors.index"

Headers = list[tuple[str, bytes]]


class Kept(NamedTuple):
    """The most bytes of a record that its letter keeps."""

    key: int
    value: int
    headers: int
    """Of names and values; where a record has more, all of its headers are left out."""


_KIB = 1024
ALL = 1 << 62
SMALLER = (
    Kept(ALL, ALL, headers=8 * _KIB),
    Kept(64 * _KIB, 64 * _KIB, headers=8 * _KIB),
    Kept(256, _KIB, headers=0),
    Kept(0, 0, headers=0),
)
"""What is tried in turn where a topic or the client refuses a letter for its size."""


class Letter(NamedTuple):
    """One form of a reject, and which forms are left to try."""

    reject: Reject
    kept: Kept = Kept(ALL, ALL, ALL)
    left: Sequence[Kept] = SMALLER

    def outgoing(self) -> Outgoing:
        """Return it as a message, which knows the next smaller one."""
        record = self.reject.record
        key, key_cut = _cut(record.key, self.kept.key, "key")
        value, value_cut = _cut(record.value, self.kept.value, "value")
        headers, headers_cut = self._headers()
        how = [*value_cut, *key_cut, *headers_cut]
        if how:
            log.warning("dead letter cut: %s/%d at offset %d is too large", *_place(record))
        elif key is None and value is None:
            value, how = b"", ["null"]
        headers += _context(self.reject)
        if how:
            headers.append((VALUE_HEADER, "; ".join(how).encode()))
        smaller = None if self._smaller() is None else self._as_smaller
        return Outgoing(SourcePosition.of(record), key, value, headers, smaller=smaller)

    def _headers(self) -> tuple[Headers, list[str]]:
        """Return the record's headers, and what is to be said where they are left out."""
        headers = self.reject.record.headers
        if size_of_headers(headers) > self.kept.headers:
            return [], [f"{len(headers)} headers left out"]
        return [(name, b"" if value is None else value) for name, value in headers], []

    def _as_smaller(self) -> Outgoing:
        smaller = self._smaller()
        assert smaller is not None
        return smaller.outgoing()

    def _smaller(self) -> Letter | None:
        """Return the next form that leaves out more than this one; None where there is none."""
        for place, kept in enumerate(self.left, start=1):
            if self._kept_bytes(kept) < self._kept_bytes(self.kept):
                return Letter(self.reject, kept, self.left[place:])
        return None

    def _kept_bytes(self, kept: Kept) -> int:
        record = self.reject.record
        headers = size_of_headers(record.headers)
        return (
            min(len(record.key or b""), kept.key)
            + min(len(record.value or b""), kept.value)
            + (headers if headers <= kept.headers else 0)
        )


def _cut(text: bytes | None, most: int, what: str) -> tuple[bytes | None, list[str]]:
    """Return what is kept of a key or value, and how that is said where it is not all."""
    if text is None or len(text) <= most:
        return text, []
    said = f"truncated to {most} of {len(text)} bytes"
    return text[:most], [said if what == "value" else f"{what} {said}"]


def _place(record: Record) -> tuple[str, int, int]:
    return record.topic, record.partition, record.offset


def _context(reject: Reject) -> Headers:
    record = reject.record
    context = {
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "stage": reject.stage,
        "exception.class.name": reject.reason,
        "exception.message": reject.message,
    }
    headers = [(PREFIX + name, text.encode()) for name, text in context.items()]
    headers.append((TIMESTAMP_HEADER, str(record.timestamp).encode()))
    index = event_index(record)
    return headers if index is None else [*headers, (INDEX_HEADER, str(index).encode())]

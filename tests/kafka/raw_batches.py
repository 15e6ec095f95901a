"""Record batches byte by byte (KIP-98), as no client writes them and a broker takes them."""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING

from kafka.record.util import calc_crc32c

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PLAIN, GZIP, SNAPPY, LZ4, ZSTD = range(5)
_MASK = (1 << 64) - 1


def varint(number: int) -> bytes:
    """Return a zigzag varint."""
    rest, written = ((number << 1) ^ (number >> 63)) & _MASK, bytearray()
    while rest > 0x7F:
        written.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*written, rest])


def raw_record(
    value: bytes | None,
    *,
    at: int = 0,
    after_ms: int = 0,
    key: bytes | None = None,
    headers: Sequence[tuple[bytes, bytes | None]] = (),
) -> bytes:
    """Return a record that says that it stands ``at`` this place of its batch."""
    said = b"".join(_sized(name) + _sized(content) for name, content in headers)
    body = b"\0" + varint(after_ms) + varint(at) + _sized(key) + _sized(value) + varint(len(headers)) + said
    return varint(len(body)) + body


def raw_batch(
    *records: bytes, codec: int = PLAIN, compress: Callable[[bytes], bytes] = bytes, first_ms: int | None = None
) -> bytes:
    """Return a batch of records with a right checksum."""
    at, count, payload = int(time.time() * 1e3) if first_ms is None else first_ms, len(records), b"".join(records)
    said = struct.pack(">hiqqqhii", codec, count - 1, at, at, -1, -1, -1, count) + compress(payload)
    body = struct.pack(">ibI", -1, 2, calc_crc32c(said)) + said
    return struct.pack(">qi", 0, len(body)) + body


def _sized(content: bytes | None) -> bytes:
    return varint(-1) if content is None else varint(len(content)) + content

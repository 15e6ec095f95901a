"""Decodes record batches, in half the time that kafka-python takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kafka import errors

from connectors.kafka.decompression import MASK, decompressed
from connectors.record import FILE_START

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAGIC = 2  # the record format since Kafka 0.11 (KIP-98)
MANY = 50_000
"""Records of a batch that are decoded at once."""
MOST_HEADERS = 2_000_000
"""Of all records of a batch: two bytes can be a header."""
_HEADER_BYTES = 100
"""What a header costs in memory besides its bytes."""
NO_TIME = -1
_NO_FILE = FILE_START.replace(".", r"\x2e")
"""What a header is called that has the name by which sources of files mark the first record of one."""
_EARLIEST, _LATEST = -(1 << 63), (1 << 63) - 1
_NO_BYTES = 1  # the varint of -1
_MORE = 0x80  # a byte of a varint that another follows
_BITS = 64


class KafkaRecord(NamedTuple):
    """A record and the epoch of the leader that wrote it, -1 where unknown."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    leader_epoch: int


def old_records_of(batch: Any, *, topic: str, partition: int) -> Iterator[KafkaRecord]:
    """Yield the records of a message set, the format before Kafka 0.11, as kafka-python reads them."""
    for record in batch:
        time = NO_TIME if record.timestamp is None else record.timestamp
        yield KafkaRecord(topic, partition, record.offset, time, record.key, record.value, [], -1)


def header_name(text: str) -> str:
    """Return what a header is called here: by the name that sources of files use, none is."""
    return _NO_FILE if text == FILE_START else text


class OpenBatch(NamedTuple):
    """The records of a batch, all of which are in the format, and the bytes that they take."""

    records: Iterable[KafkaRecord]
    total: int
    size_bytes: int


def opened(batch: Any, *, topic: str, partition: int, most_bytes: int) -> OpenBatch:
    """Return a batch's records; raise ``CorruptRecordError`` where its bytes are not in the format.

    Raises ``TooLargeBatchError`` where they are compressed and are more than ``most_bytes``. Of many records only
    some are in memory at a time: a byte or two can be one.
    """
    compressed = bytes(memoryview(batch._buffer)[batch._pos :])  # noqa: SLF001  # the client offers no other way
    buffer = decompressed(compressed, batch.attributes & MASK, most_bytes=most_bytes)
    count, headers = batch.records_count, [0]
    records: Iterable[KafkaRecord] = _records_of(batch, buffer, headers, topic=topic, partition=partition)
    if count <= MANY:
        records = list(records)
    else:
        for _ in records:
            pass  # whether all are in the format is known before any is given out
        records = _records_of(batch, buffer, [0], topic=topic, partition=partition)
    return OpenBatch(records, count, len(buffer) + headers[0] * _HEADER_BYTES)


def _records_of(
    batch: Any, buffer: bytes, headers_so_far: list[int], *, topic: str, partition: int
) -> Iterator[KafkaRecord]:
    """Yield the records in a batch's bytes; the one number of ``headers_so_far`` grows by theirs.

    The format is that of KIP-98 (``RecordBatch`` version 2): lengths and differences are zigzag varints.
    """
    at = 0
    base, epoch = batch.base_offset, batch.leader_epoch
    appended = batch.max_timestamp if batch.timestamp_type else None
    first, last, before = batch.first_timestamp, batch.next_offset - 1, base - 1
    try:
        for _ in range(batch.records_count):
            size, at = _varint(buffer, at)
            end = at + size
            # A byte of attributes, which nothing uses, is between the size and the time.
            since_first, at = _varint(buffer, at + 1)
            since_base, at = _varint(buffer, at)
            # Most records have neither key nor headers: their absence costs no call.
            key: bytes | None = None
            headers: list[tuple[str, bytes]] = []
            if buffer[at] == _NO_BYTES:
                at += 1
            else:
                key, at = _bytes(buffer, at)
            length, at = _varint(buffer, at)
            value = None if length < 0 else buffer[at : at + length]
            at += max(length, 0)
            if buffer[at] == 0:
                at += 1
            else:
                headers, at = _headers(buffer, at, most=MOST_HEADERS - headers_so_far[0])
                headers_so_far[0] += len(headers)
            if at != end or at > len(buffer):
                raise _WrongSizeError(size)
            time = first + since_first if appended is None else appended
            offset = base + since_base
            if not before < offset <= last:
                raise _WrongOffsetError(offset)
            before = offset
            if not _EARLIEST <= time <= _LATEST:  # a sum that 64 bits do not hold
                time = NO_TIME
            # A named tuple's own constructor takes more than twice as long.
            yield tuple.__new__(KafkaRecord, (topic, partition, offset, time, key, value, headers, epoch))
    except (ValueError, IndexError) as error:
        raise errors.CorruptRecordError(
            f"{topic}/{partition}: the batch at offset {base} cannot be read: {error}"
        ) from error
    if at != len(buffer):
        raise errors.CorruptRecordError(
            f"{topic}/{partition}: the batch at offset {base} has bytes behind its last record"
        )


class _WrongOffsetError(ValueError):
    def __init__(self, offset: int) -> None:
        super().__init__(f"a record in it says that its offset is {offset}")


class _WrongSizeError(ValueError):
    def __init__(self, size: int) -> None:
        super().__init__(f"the fields of a record do not add up to its {size} bytes")


def _varint(buffer: bytes, at: int) -> tuple[int, int]:
    """Return a zigzag varint and the place behind it."""
    byte = buffer[at]
    at += 1
    if byte < _MORE:
        return (byte >> 1) ^ -(byte & 1), at
    value, shift = byte & 0x7F, 7
    while True:
        byte = buffer[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < _MORE:
            return (value >> 1) ^ -(value & 1), at
        shift += 7
        if shift >= _BITS:
            raise ValueError("a varint is longer than 64 bits")


def _bytes(buffer: bytes, at: int) -> tuple[bytes | None, int]:
    """Return bytes that follow their length, None where it is negative, and the place behind them."""
    size, at = _varint(buffer, at)
    if size < 0:
        return None, at
    return buffer[at : at + size], at + size


def _headers(buffer: bytes, at: int, *, most: int) -> tuple[list[tuple[str, bytes]], int]:
    # Nobody promises that a name is UTF-8: brokers take any bytes. Escaped, none of them is lost.
    count, at = _varint(buffer, at)
    if not 0 <= count <= most:
        raise ValueError(f"{count} headers, where there may be {most}")
    headers = []
    for _ in range(count):
        name, at = _bytes(buffer, at)
        if name is None:
            raise ValueError("a header without a name")
        value, at = _bytes(buffer, at)
        headers.append((header_name(name.decode(errors="backslashreplace")), value))
    return headers, at  # type: ignore[return-value]  # a header may have no value, as with kafka-python

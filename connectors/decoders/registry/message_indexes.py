"""Which of a Protobuf file's messages a value is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.decoders.envelope import RejectedError

if TYPE_CHECKING:
    from connectors.decoders.registry.wire_format import Framed

FIRST = (0,)
_MORE = 0x80
_LONGEST_BITS = 35
_DEEPEST = 64


def message_indexes(value: Framed) -> tuple[tuple[int, ...], bytes]:
    """Return the way to the message, outermost first, and the bytes of the message itself.

    Confluent's format: a count and as many indexes, all zigzag varints; a count of 0 means the first message. In a
    header they stand behind the schema's GUID.

    >>> from connectors.decoders.registry.wire_format import Framed
    >>> message_indexes(Framed(1, bytes([4, 2, 0]) + b"rest", b"", in_header=False))
    ((1, 0), b'rest')
    """
    if value.in_header:
        return (_read(value.prefix)[0] if value.prefix else FIRST), value.value
    indexes, size = _read(value.value)
    return indexes, value.value[size:]


def _read(data: bytes) -> tuple[tuple[int, ...], int]:
    count, at = _varint(data, 0)
    if not 0 <= count <= _DEEPEST:
        raise _broken()
    indexes = []
    for _ in range(count):
        index, at = _varint(data, at)
        indexes.append(index)
    return tuple(indexes) or FIRST, at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < _LONGEST_BITS:
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < _MORE:
            return (value >> 1) ^ -(value & 1), at
        shift += 7
    raise _broken()


def _broken() -> RejectedError:
    return RejectedError("decode", "undecodable", "The value doesn't say which Protobuf message it is.")

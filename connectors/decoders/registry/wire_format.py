"""What stands before a value that was written with a schema of a registry.

Confluent's wire format: the byte 0 and a 4-byte id, or the byte 1 and a 16-byte GUID. In newer serializers the same
bytes may be a header in place of a prefix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

from connectors.decoders.envelope import RejectedError

if TYPE_CHECKING:
    from connectors.record import Record

SchemaKey = int | UUID
"""A schema by its id or its GUID."""

HEADER: Final = "__value_schema_id"
_ID_BYTES, _GUID_BYTES = 5, 17


class Framed(NamedTuple):
    """A value with the name of its schema."""

    schema: SchemaKey
    value: bytes
    """What follows."""
    prefix: bytes
    """What follows the schema's name in a header: Protobuf's message indexes; empty where it's not in one."""
    in_header: bool


def framed(value: bytes, record: Record) -> Framed:
    """Return a record's value and the schema that it was written with; raise ``RejectedError`` where it names none.

    >>> from connectors.record import LocalRecord
    >>> framed(bytes([0, 0, 0, 0, 7]) + b"rest", LocalRecord("t", 0, 0, -1, None, b"", []))[:2]
    (7, b'rest')
    """
    header = next((each for name, each in record.headers if name == HEADER and each), None)
    key, size = schema_key(value if header is None else header)
    if key is None:
        raise RejectedError(
            "decode",
            "undecodable",
            "The value doesn't begin with a schema registry's magic byte and id, and there is no header"
            f" {HEADER} with one.",
        )
    if header is not None:
        return Framed(key, value, header[size:], in_header=True)
    return Framed(key, value[size:], b"", in_header=False)


def schema_key(data: bytes) -> tuple[SchemaKey | None, int]:
    """Return the schema that the first bytes name, None where they name none, and how many bytes that took."""
    if data[:1] == b"\x00" and len(data) >= _ID_BYTES:
        return int.from_bytes(data[1:_ID_BYTES], "big"), _ID_BYTES
    if data[:1] == b"\x01" and len(data) >= _GUID_BYTES:
        return UUID(bytes=data[1:_GUID_BYTES]), _GUID_BYTES
    return None, 0


def registry_prefix(data: bytes) -> str:
    """Return in words which schema the first bytes name, empty where they name none.

    >>> registry_prefix(bytes([0, 0, 0, 0, 7]) + b"{}"), registry_prefix(b"{}")
    ('magic byte 0 and schema id 7', '')
    """
    key, _ = schema_key(data)
    if key is None:
        return ""
    return f"magic byte 0 and schema id {key}" if isinstance(key, int) else f"magic byte 1 and schema GUID {key}"

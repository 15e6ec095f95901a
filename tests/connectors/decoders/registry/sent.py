"""Messages as a registry's serializers write them."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import fastavro

from connectors.record import LocalRecord

if TYPE_CHECKING:
    from uuid import UUID


def reading(*fields: dict[str, Any], name: str = "Reading") -> dict[str, Any]:
    """The Avro schema of a record with a label and these fields."""
    return {"type": "record", "name": name, "fields": [{"name": "fault", "type": "string"}, *fields]}


def double(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "double", **more}


def avro(schema: Any, value: Any) -> bytes:
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(json.loads(json.dumps(schema))), value)
    return buffer.getvalue()


def prefix(key: int | UUID) -> bytes:
    return b"\x00" + key.to_bytes(4, "big") if isinstance(key, int) else b"\x01" + key.bytes


def record(value: bytes | None, *, offset: int = 0, headers: list[tuple[str, bytes]] | None = None) -> LocalRecord:
    return LocalRecord("plant", 0, offset, -1, b"own", value, headers or [])

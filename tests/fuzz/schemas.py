"""Events by the schemas of a registry, in Avro and Protobuf: each field has a type, and says what fits into it."""

from __future__ import annotations

import io
import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fastavro
import protoxy
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_AVRO_ID, _PROTOBUF_ID = 1, 2
_INT64 = 1 << 63
_AVRO = {
    "type": "record",
    "name": "Event",
    "fields": [
        {"name": name, "type": ["null", "boolean", "long", "double", "string"]}
        for name in ("a", "b", "c", "label", "task", "key", "new")
    ],
}
_PROTOBUF = """
syntax = "proto3";
package plant;
message Event {
  optional double a = 1;
  optional float b = 2;
  oneof kind { double c = 3; string text = 4; int64 whole = 5; bool on = 6; }
  optional string label = 7;
  string task = 8;
  bytes key = 9;
  map<string, double> more = 10;
}
"""
HELD: dict[str, Any] = {
    f"/schemas/ids/{_AVRO_ID}": {"schema": json.dumps(_AVRO)},
    f"/schemas/ids/{_PROTOBUF_ID}": {"schema": _PROTOBUF, "schemaType": "PROTOBUF"},
}
"""What a registry answers, by path."""


def as_avro(fields: dict[str, Any]) -> bytes:
    """Return Avro; what no branch of a field's union can say is not there."""
    written = io.BytesIO()
    fastavro.schemaless_writer(written, _avro(), {name: _sayable(value) for name, value in fields.items()})
    return _framed(_AVRO_ID, written.getvalue())


def as_protobuf(fields: dict[str, Any]) -> bytes:
    """Return Protobuf; what does not fit into a field's type is not there."""
    event = _message()()
    for name, value in fields.items():
        _put(event, name, _sayable(value))
    return _framed(_PROTOBUF_ID, b"\x00" + event.SerializeToString())


def _put(event: Any, name: str, value: Any) -> None:
    match name, value:
        case _, None:
            return
        case "label" | "task", str():
            setattr(event, name, value)
        case "key", str():
            event.key = value.encode()
        case _, str():
            event.text = value
        case _, bool():
            event.on = value
        case "c", int():
            event.whole = value
        case "a" | "b" | "c", _:
            setattr(event, name, value)
        case _:
            event.more[name] = value


def _sayable(value: Any) -> Any:
    """Return the value, where a schema has a type for it."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, bool) or (isinstance(value, int) and -_INT64 <= value < _INT64):
        return value
    return float(value) if isinstance(value, int | float) else None


def _framed(schema_id: int, message: bytes) -> bytes:
    """Return a message behind its schema's id: Confluent's wire format."""
    return b"\x00" + schema_id.to_bytes(4, "big") + message


@cache
def _avro() -> Any:
    return fastavro.parse_schema(_AVRO)


@cache
def _message() -> Any:
    """Return the class of the Protobuf message."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "event.proto"
        path.write_text(_PROTOBUF)
        files = descriptor_pb2.FileDescriptorSet.FromString(protoxy.compile_bin([path], [path.parent]))
    pool = descriptor_pool.DescriptorPool()
    for each in files.file:
        pool.Add(each)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("plant.Event"))

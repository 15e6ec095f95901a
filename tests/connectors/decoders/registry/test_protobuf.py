"""Protobuf's values, and which message of a file a value is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import protoxy
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from connectors.decoders.protobuf import ProtobufMessages, ProtobufOptions
from connectors.decoders.registry.wire_format import HEADER
from tests.connectors.decoders.registry.sent import prefix, record
from tests.registry.gate import Gate, holding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXT = """
syntax = "proto3";
package plant;
import "google/protobuf/wrappers.proto";
message Other { string name = 1; }
message Reading {
  string fault = 1;
  double temp = 2;
  optional int64 n = 3;
  bool on = 4;
  Mode mode = 5;
  repeated Sample samples = 6;
  map<string, double> more = 7;
  google.protobuf.DoubleValue load = 8;
  bytes raw = 9;
  oneof level { float low = 10; float high = 11; }
  message Sample { float t = 1; }
  enum Mode { AUTO = 0; HAND = 1; }
}
"""
RENAMED = TEXT.replace("double temp = 2", "double temperature = 2").replace("bool on = 4", "bool running = 4")
INDEXES = {"first": b"\x00", "second": b"\x02\x02", "nested": b"\x04\x02\x00"}


def written(message: str, folder: Path, **values: Any) -> bytes:
    """A message of the file, with these values."""
    (folder / "plant.proto").write_text(TEXT)
    files = descriptor_pb2.FileDescriptorSet.FromString(protoxy.compile_bin([folder / "plant.proto"], [folder]))
    pool = descriptor_pool.DescriptorPool()
    for each in files.file:
        pool.Add(each)
    made = message_factory.GetMessageClass(pool.FindMessageTypeByName(f"plant.{message}"))
    return made(**values).SerializeToString()


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    schemas = {
        f"/schemas/ids/{key}": {"schema": text, "schemaType": "PROTOBUF"}
        for key, text in enumerate((TEXT, RENAMED, TEXT.replace("google/", "../../"), "syntax oops"), 1)
    }
    with Gate(holding(schemas)) as started:
        yield started


def decoder(gate: Gate, **options: Any) -> ProtobufMessages:
    where = {"registry": {"url": gate.url}}
    return ProtobufMessages(ProtobufOptions.model_validate(where | {"label": "fault"} | options))


def test_values_have_the_names_and_types_of_the_schema(gate: Gate, tmp_path: Path) -> None:
    values = {"fault": "leak", "temp": 2.5, "n": 2**53 + 1, "on": True, "mode": 1, "more": {"a": 3.0}, "high": 4.0}
    value = written("Reading", tmp_path, **values, load={"value": 5.0}, raw=b"\xff")
    made = decoder(gate, key="n", task="mode")
    rows, rejects = made.decode([record(prefix(1) + INDEXES["second"] + value)])
    assert not rejects
    assert made.fields == ("temp", "on", "more.a", "load", "high")
    assert rows.x.tolist() == [[2.5, 1.0, 3.0, 5.0, 4.0]]
    assert (rows.label, rows.task, rows.key) == (["leak"], ["HAND"], [b"9007199254740993"])


def test_what_is_not_sent_is_zero_without_presence_and_missing_with_it(gate: Gate, tmp_path: Path) -> None:
    sent = record(prefix(1) + INDEXES["second"] + written("Reading", tmp_path, fault="x"))
    rows, _ = decoder(gate, features=["temp", "on"]).decode([sent])
    assert rows.x.tolist() == [[0.0, 0.0]]
    for name in ("n", "load", "low"):
        _, [reject] = decoder(gate, features=[name]).decode([sent])
        assert reject.reason == "missing_field"


@pytest.mark.parametrize(("name", "indexes"), [("Other", "first"), ("Reading.Sample", "nested")])
def test_the_indexes_say_which_message_it_is_in_the_value_or_in_a_header(
    gate: Gate, tmp_path: Path, name: str, indexes: str
) -> None:
    value = written(name, tmp_path, **({"name": "7"} if name == "Other" else {"t": 7.0}))
    options = (
        {"label": None, "features": ["t"]}
        if indexes == "nested"
        else {"label": "name", "missing": "zero", "features": ["t"]}
    )
    for sent in (
        record(prefix(1) + INDEXES[indexes] + value),
        record(value, headers=[(HEADER, prefix(1) + INDEXES[indexes])]),
    ):
        rows, rejects = decoder(gate, **options).decode([sent])
        assert not rejects
        assert rows.label == (["7"] if name == "Other" else [None])
        assert np.array_equal(rows.x, [[np.nan if name == "Other" else 7.0]], equal_nan=True)


def test_a_list_of_messages_explodes(gate: Gate, tmp_path: Path) -> None:
    value = written("Reading", tmp_path, fault="x", samples=[{"t": 1.0}, {"t": 2.0}])
    made = decoder(gate, explode="samples", features=["samples.t"])
    rows, _ = made.decode([record(prefix(1) + INDEXES["second"] + value)])
    assert rows.x.tolist() == [[1.0], [2.0]]


def test_a_readers_schema_keeps_the_names_of_fields_that_are_renamed(gate: Gate, tmp_path: Path) -> None:
    value = INDEXES["second"] + written("Reading", tmp_path, fault="x", temp=2.5, on=True)
    sent = [record(prefix(1) + value), record(prefix(2) + value)]
    rows, rejects = decoder(gate, features=["temp", "on"], reader_schema_id=1).decode(sent)
    assert not rejects
    assert rows.x.tolist() == [[2.5, 1.0]] * 2
    _, [reject] = decoder(gate, features=["temp"]).decode(sent)
    assert (reject.reason, "'temp'" in reject.message) == ("missing_field", True)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (prefix(1), "which Protobuf message"),
        (prefix(1) + b"\xff" * 9, "which Protobuf message"),
        (prefix(1) + b"\x02\x12", "a message that its schema doesn't have"),
        (prefix(1) + b"\x04\x02\x09", "a message that its schema doesn't have"),
        (prefix(1) + b"\x02\x02\xff\xff", "doesn't follow the Protobuf schema"),
        (prefix(3) + b"\x00", "a path that leads elsewhere"),
        (prefix(4) + b"\x00", "not a Protobuf file"),
        (prefix(5) + b"\x00", "no schema with id 5"),
    ],
)
def test_what_cannot_be_read_is_rejected_by_name(gate: Gate, value: bytes, named: str) -> None:
    _, [reject] = decoder(gate).decode([record(value)])
    assert (reject.stage, reject.reason) == ("decode", "undecodable")
    assert named in reject.message

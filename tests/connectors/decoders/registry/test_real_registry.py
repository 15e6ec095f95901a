"""Avro and Protobuf by the schemas of a real registry."""

from __future__ import annotations

import json
import struct
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from connectors.decoders.avro import AvroMessages, AvroOptions
from connectors.decoders.protobuf import ProtobufMessages, ProtobufOptions
from tests.connectors.decoders.registry.sent import avro, double, prefix, reading, record

if TYPE_CHECKING:
    from connectors.record import LocalRecord
    from tests.registry.registry import Registry

OLD = reading(double("temp"), double("load", default=0.5))
NEW = reading(double("temperature", aliases=["temp"]), double("humidity"))


class Plant:
    """A producer of readings in Avro, and the decoder that reads them."""

    def __init__(self, registry: Registry, subject: str) -> None:
        self._registry = registry
        self._subject = subject

    def message(self, schema: Any, value: Any, **more: Any) -> LocalRecord:
        return record(prefix(self.register(schema)) + avro(schema, value), **more)

    def register(self, schema: Any) -> int:
        return self._registry.register(f"{self._subject}-{schema.get('name')}", json.dumps(schema))

    def decoder(self, **options: Any) -> AvroMessages:
        where = {"registry": {"url": self._registry.url}}
        return AvroMessages(AvroOptions.model_validate(where | {"label": "fault"} | options))


@pytest.fixture
def plant(registry: Registry, request: pytest.FixtureRequest) -> Plant:
    return Plant(registry, request.node.name.replace("[", "-").replace("]", ""))


def test_values_of_every_type_mean_what_the_specification_says(plant: Plant) -> None:
    logical = {
        "price": {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2},
        "at": {"type": "long", "logicalType": "timestamp-millis"},
    }
    schema = reading(
        double("temp"),
        {"name": "n", "type": ["null", "long"]},
        {"name": "on", "type": "boolean"},
        {"name": "mode", "type": {"type": "enum", "name": "Mode", "symbols": ["AUTO", "HAND"]}},
        *({"name": name, "type": each} for name, each in logical.items()),
        {"name": "pump", "type": {"type": "record", "name": "Pump", "fields": [double("speed")]}},
        {"name": "raw", "type": "bytes"},
    )
    value = {
        "fault": "leak",
        "temp": 21.5,
        "n": 2**62,
        "on": True,
        "mode": "HAND",
        "price": Decimal("12.50"),
        "at": datetime(2026, 1, 1, tzinfo=UTC),
        "pump": {"speed": 3.0},
        "raw": b"\xff",
    }
    decoder = plant.decoder(key="n", task="mode", time="at", time_unit="milliseconds")
    rows, rejects = decoder.decode([plant.message(schema, value)])
    assert not rejects
    assert decoder.fields == ("temp", "on", "price", "pump.speed")
    assert rows.x.tolist() == [[21.5, 1.0, 12.5, 3.0]]
    assert (rows.label, rows.task, rows.key) == (["leak"], ["HAND"], [str(2**62).encode()])
    assert rows.time.tolist() == [1_767_225_600.0]


def test_what_is_not_finite_is_rejected_where_it_is_used(plant: Plant) -> None:
    schema = reading(double("temp"), double("other"))
    sent = [{"fault": "x", "temp": float("nan"), "other": 1.0}, {"fault": "x", "temp": 1.0, "other": float("inf")}]
    rows, [reject] = plant.decoder(features=["temp"]).decode([plant.message(schema, each) for each in sent])
    assert rows.x.tolist() == [[1.0]]
    assert (reject.stage, reject.reason, "'temp'" in reject.message) == ("features", "not_finite", True)


def test_a_field_that_is_added_changes_nothing_and_one_that_is_renamed_is_known_by_its_old_name(
    plant: Plant,
) -> None:
    before = plant.message(OLD, {"fault": "a", "temp": 1.0, "load": 2.0})
    after = plant.message(NEW, {"fault": "b", "temperature": 3.0, "humidity": 9.0})
    for options in ({"features": ["temp"]}, {}):
        whole, parts = plant.decoder(missing="zero", **options), plant.decoder(missing="zero", **options)
        rows, rejects = whole.decode([before, after, before])
        assert not rejects
        assert rows.x[:, 0].tolist() == [1.0, 3.0, 1.0]
        alone = [parts.decode([each])[0].x[0] for each in (before, after, before)]
        assert np.array_equal(alone, rows.x, equal_nan=True)


def test_a_field_that_is_renamed_among_the_first_events_is_one_field(plant: Plant) -> None:
    before = plant.message(OLD, {"fault": "a", "temp": 1.0, "load": 2.0})
    after = plant.message(NEW, {"fault": "b", "temperature": 3.0, "humidity": 9.0})
    decoder = plant.decoder()
    decoder.look_at([before, after, before])
    assert list(decoder.fields or ()) == ["temp"]
    rows, rejects = decoder.decode([before, after, before])
    assert (rows.x.tolist(), rejects) == ([[1.0], [3.0], [1.0]], [])


def test_a_field_that_is_removed_is_missing(plant: Plant) -> None:
    before = plant.message(OLD, {"fault": "a", "temp": 1.0, "load": 2.0})
    after = plant.message(NEW, {"fault": "b", "temperature": 3.0, "humidity": 9.0})
    _, [reject] = plant.decoder(features=["temp", "load"]).decode([before, after])
    assert (reject.reason, "'load'" in reject.message) == ("missing_field", True)
    rows, _ = plant.decoder(features=["temp", "load"], missing="last").decode([before, after])
    assert np.array_equal(rows.x, [[1.0, 2.0], [3.0, np.nan]], equal_nan=True)


def test_a_readers_schema_gives_defaults_and_new_names_to_what_was_written_before(plant: Plant) -> None:
    sent = [
        plant.message(OLD, {"fault": "a", "temp": 1.0, "load": 2.0}),
        plant.message(NEW, {"fault": "b", "temperature": 3.0, "humidity": 9.0}),
    ]
    reader = reading(double("temperature", aliases=["temp"]), double("load", default=0.5))
    rows, rejects = plant.decoder(reader_schema_id=plant.register(reader)).decode(sent)
    assert not rejects
    assert rows.x.tolist() == [[1.0, 2.0], [3.0, 0.5]]


def test_aliases_count_within_records_lists_and_unions(plant: Plant) -> None:
    inner = {"type": "record", "name": "Sample", "fields": [double("celsius", aliases=["temp"])]}
    schema = {"type": "record", "name": "Batch", "fields": [
        {"name": "samples", "type": ["null", {"type": "array", "items": inner}]},
    ]}  # fmt: skip
    sent = plant.message(schema, {"samples": [{"celsius": 1.0}, {"celsius": 2.0}]})
    rows, _ = plant.decoder(explode="samples", features=["samples.temp"], label=None).decode([sent])
    assert rows.x.tolist() == [[1.0], [2.0]]


def test_schemas_that_refer_to_others_are_read_with_them(plant: Plant, registry: Registry) -> None:
    pump = {"type": "record", "name": "Pump", "namespace": "of.plant", "fields": [double("speed")]}
    registry.register("refers-pump", json.dumps(pump))
    schema = reading({"name": "pump", "type": "of.plant.Pump"}, name="Referring")
    references = [{"name": "of.plant.Pump", "subject": "refers-pump", "version": 1}]
    key = registry.register("refers-value", json.dumps(schema), references=references)
    whole = reading({"name": "pump", "type": pump}, name="Referring")
    sent = record(prefix(key) + avro(whole, {"fault": "x", "pump": {"speed": 4.0}}))
    rows, rejects = plant.decoder().decode([sent])
    assert not rejects
    assert rows.x.tolist() == [[4.0]]


def test_debezium_in_avro_is_opened_with_its_decimals(plant: Plant) -> None:
    variable = {"type": "record", "name": "VariableScaleDecimal", "namespace": "io.debezium.data", "fields": [
        {"name": "scale", "type": "int"}, {"name": "value", "type": "bytes"},
    ]}  # fmt: skip
    price = {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}
    row = reading({"name": "price", "type": price}, {"name": "tax", "type": variable}, name="Value")
    schema = {"type": "record", "name": "Envelope", "fields": [
        {"name": "before", "type": ["null", row]}, {"name": "after", "type": ["null", "Value"]},
        {"name": "op", "type": "string"},
    ]}  # fmt: skip
    after = {"fault": "x", "price": Decimal("12.50"), "tax": {"scale": 1, "value": b"\x0f"}}
    sent = [{"before": None, "after": after, "op": "c"}, {"before": after, "after": None, "op": "d"}]
    rows, [reject] = plant.decoder(envelope="debezium").decode([plant.message(schema, each) for each in sent])
    assert rows.x.tolist() == [[12.5, 1.5]]
    assert (reject.reason, reject.expected) == ("tombstone", True)


def test_what_does_not_follow_its_schema_is_rejected_and_its_neighbours_pass(plant: Plant) -> None:
    good = plant.message(OLD, {"fault": "a", "temp": 1.0, "load": 2.0})
    assert good.value is not None
    key = plant.register(OLD)
    bad = [good.value[:-3], good.value + b"\x00", prefix(key) + b"\xff" * 30, prefix(key), b"{}", b"", b"\x00\x00",
           prefix(9_999_999) + b"\x00"]  # fmt: skip
    records = [good, *(record(each, offset=n) for n, each in enumerate(bad, 1)), good]
    decoder = plant.decoder()
    decoder.prepare(records)
    rows, rejects = decoder.decode(records)
    assert len(rows) == 2
    assert [reject.record.offset for reject in rejects] == list(range(1, 9))
    assert {reject.reason for reject in rejects} == {"undecodable"}
    assert "no schema with id 9999999" in rejects[-1].message


def test_protobuf_is_compiled_with_what_it_imports(registry: Registry) -> None:
    registry.register(
        "pump.proto", 'syntax = "proto3"; package of; message Pump { double speed = 1; }', schemaType="PROTOBUF"
    )
    text = """
        syntax = "proto3";
        package of;
        import "pump.proto";
        import "google/protobuf/timestamp.proto";
        message Reading { string fault = 1; Pump pump = 2; google.protobuf.Timestamp at = 3; }
    """
    references = [{"name": "pump.proto", "subject": "pump.proto", "version": 1}]
    key = registry.register("reading-value", text, schemaType="PROTOBUF", references=references)
    value = b"\x0a\x04leak" + b"\x12\x09\x09" + struct.pack("<d", 4.0) + b"\x1a\x06\x08\x80\xf2\xd6\xca\x06"
    where = {"registry": {"url": registry.url}, "label": "fault", "time": "at"}
    decoder = ProtobufMessages(ProtobufOptions.model_validate(where))
    rows, rejects = decoder.decode([record(prefix(key) + b"\x00" + value)])
    assert not rejects
    assert (decoder.fields, rows.x.tolist(), rows.label) == (("pump.speed",), [[4.0]], ["leak"])
    assert rows.time.tolist() == [1_767_225_600.0]


def test_a_schema_of_another_language_is_rejected_by_name(plant: Plant, registry: Registry) -> None:
    key = registry.register("a-proto", 'syntax = "proto3"; message M { double t = 1; }', schemaType="PROTOBUF")
    _, [reject] = plant.decoder().decode([record(prefix(key) + b"\x00")])
    assert "PROTOBUF, not Avro" in reject.message

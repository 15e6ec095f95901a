"""Debezium's change events in the forms in which its connectors send them."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import orjson
import pytest

from tests.connectors.decoders.messages.opened import message, opened

ROW = {"id": 7, "temp": 21.5, "fault": "leak"}
SOURCE = {"connector": "postgresql", "db": "plant", "table": "readings", "ts_ms": 1_700_000_000_500, "lsn": 9}
OPTIONS: dict[str, Any] = {"envelope": "debezium", "label": "fault", "features": ("temp",)}


def change(after: Any, *, op: str = "c", **more: Any) -> dict[str, Any]:
    return {"before": None, "after": after, "source": SOURCE, "op": op, "ts_ms": 1_700_000_001_000, **more}


def with_schema(payload: Any, fields: list[dict[str, Any]]) -> dict[str, Any]:
    row = {"type": "struct", "fields": fields, "optional": True, "name": "plant.readings.Value"}
    envelope = [row | {"field": "before"}, row | {"field": "after"}, {"type": "string", "field": "op"}]
    return {"schema": {"type": "struct", "fields": envelope, "name": "plant.readings.Envelope"}, "payload": payload}


@pytest.mark.parametrize("op", ["c", "r", "u"])
@pytest.mark.parametrize(
    "wrap", [lambda each: each, lambda each: {"payload": each}, lambda each: with_schema(each, [])]
)
def test_the_row_after_the_change_is_the_event_with_and_without_a_schema(wrap: Any, op: str) -> None:
    rows, rejects = opened(message(wrap(change(ROW, op=op))), **OPTIONS)
    assert not rejects
    assert (rows.x.tolist(), rows.label, rows.key) == ([[21.5]], ["leak"], [b"own"])


def test_features_are_those_of_the_row_and_nothing_of_the_envelope() -> None:
    rows, _ = opened(message(change(ROW)), envelope="debezium", label="fault", key="id")
    assert rows.x.tolist() == [[21.5]]
    assert rows.key == [b"7"]


@pytest.mark.parametrize(
    "gone", [change(None, op="d", before=ROW), {"payload": change(None, op="d")}, change(None, op="t"), None]
)
def test_deletions_are_tombstones_and_no_fault(gone: Any) -> None:
    rows, [reject] = opened(message(change(ROW)), message(gone, offset=1), **OPTIONS)
    assert len(rows) == 1
    assert (reject.stage, reject.reason, reject.expected, reject.record.offset) == ("decode", "tombstone", True, 1)


def _decimal(unscaled: int) -> bytes:
    return unscaled.to_bytes(8, "big", signed=True).lstrip(b"\x00") or b"\x00"


PRECISE = {
    "type": "bytes",
    "name": "org.apache.kafka.connect.data.Decimal",
    "parameters": {"scale": "2", "connect.decimal.precision": "10"},
    "field": "price",
}
TEXT = {"type": "string", "field": "price"}
VARIABLE = {
    "type": "struct",
    "name": "io.debezium.data.VariableScaleDecimal",
    "fields": [{"type": "int32", "field": "scale"}, {"type": "bytes", "field": "value"}],
    "field": "price",
}


@pytest.mark.parametrize(
    ("value", "schema", "options"),
    [
        (1234.56, {"type": "double", "field": "price"}, {}),
        ("1234.56", TEXT, {}),
        (b64encode(_decimal(123_456)).decode(), PRECISE, {}),
        (b64encode(_decimal(123_456)).decode(), None, {"decimals": {"price": 2}}),
        ({"scale": 2, "value": b64encode(_decimal(123_456)).decode()}, VARIABLE, {}),
        ({"scale": 2, "value": b64encode(_decimal(123_456)).decode()}, None, {}),
    ],
)
def test_decimals_are_the_numbers_that_the_database_has(value: Any, schema: Any, options: dict[str, Any]) -> None:
    payload = change({"price": value, "fault": "x"})
    sent = payload if schema is None else with_schema(payload, [schema, {"type": "string", "field": "fault"}])
    for features in (None, ("price",)):
        if features is None and isinstance(value, str) and schema is TEXT:
            continue  # text is a number where it is named
        rows, rejects = opened(message(sent), envelope="debezium", label="fault", features=features, **options)
        assert not rejects
        assert rows.x.tolist() == [[1234.56]]


@pytest.mark.parametrize("unscaled", [-1, 0, 127, 128, -32_769, 2**70])
def test_a_precise_decimal_has_its_sign_and_every_digit(unscaled: int) -> None:
    raw = unscaled.to_bytes(10, "big", signed=True)
    sent = with_schema(change({"price": b64encode(raw).decode()}), [PRECISE | {"parameters": {"scale": "0"}}])
    rows, _ = opened(message(sent), envelope="debezium", features=("price",))
    assert rows.x.tolist() == [[float(unscaled)]]


@pytest.mark.parametrize(("scale", "value"), [("two", "AQ=="), ("2", "not Base64!"), ("99999", "AQ=="), ("2", [1])])
def test_a_decimal_that_cannot_be_read_is_rejected(scale: str, value: Any) -> None:
    sent = with_schema(change({"price": value}), [PRECISE | {"parameters": {"scale": scale}}])
    rows, [reject] = opened(message(sent), envelope="debezium", features=("price",))
    assert not len(rows)
    assert (reject.reason, "decimal" in reject.message) == ("wrong_type", True)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("io.debezium.time.Timestamp", 1_767_225_600_000),
        ("io.debezium.time.MicroTimestamp", 1_767_225_600_000_000),
        ("io.debezium.time.NanoTimestamp", 1_767_225_600_000_000_000),
        ("io.debezium.time.Date", 20_454),
        ("org.apache.kafka.connect.data.Timestamp", 1_767_225_600_000),
    ],
)
@pytest.mark.parametrize("unit", ["seconds", "milliseconds", "iso"])
def test_a_time_whose_unit_the_schema_tells_is_read_in_it(name: str, number: int, unit: str) -> None:
    sent = with_schema(change({"temp": 1.0, "at": number}), [{"type": "int64", "name": name, "field": "at"}])
    rows, _ = opened(message(sent), envelope="debezium", features=("temp",), time="at", time_unit=unit)
    assert rows.time.tolist() == [1_767_225_600.0]


def test_what_the_envelope_says_can_be_named_as_its_own_transformation_names_it() -> None:
    named = {"time": "__source_ts_ms", "task": "__table", "key": "__op", "label": "__source_lsn"}
    rows, _ = opened(message(change(ROW)), envelope="debezium", features=("temp",), **named)
    assert (rows.time.tolist(), rows.task, rows.key, rows.label) == ([1_700_000_000.5], ["readings"], [b"c"], [9])


def test_a_document_of_mongodb_is_text_and_is_read() -> None:
    rows, _ = opened(message(change(orjson.dumps(ROW).decode())), **OPTIONS)
    assert rows.x.tolist() == [[21.5]]


@pytest.mark.parametrize(
    ("sent", "reason", "named"),
    [
        (ROW, "undecodable", "no Debezium change event"),
        ([1], "undecodable", "no Debezium change event"),
        (change(None, op="u"), "wrong_type", "null in after"),
        (change([1]), "wrong_type", "a list in after"),
        (change(ROW, op="m"), "wrong_type", "expected a row"),
        (b"\xff", "undecodable", "Not valid JSON"),
    ],
)
def test_what_is_no_change_of_a_row_is_rejected_by_name(sent: Any, reason: str, named: str) -> None:
    rows, [reject] = opened(message(sent), **OPTIONS)
    assert not len(rows)
    assert (reject.stage, reject.reason, reject.expected) == ("decode", reason, False)
    assert named in reject.message

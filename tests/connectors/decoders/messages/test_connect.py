"""Kafka Connect's JSON, of which the schema says what values mean."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.decoders.messages.opened import message, opened

SCHEMA = {
    "type": "struct",
    "name": "reading",
    "optional": False,
    "fields": [
        {"type": "double", "field": "temp"},
        {
            "type": "bytes",
            "name": "org.apache.kafka.connect.data.Decimal",
            "parameters": {"scale": "1"},
            "field": "price",
        },
        {"type": "int64", "name": "org.apache.kafka.connect.data.Timestamp", "field": "at"},
        {
            "type": "struct",
            "field": "pump",
            "fields": [
                {
                    "type": "array",
                    "field": "costs",
                    "items": {
                        "type": "bytes",
                        "name": "org.apache.kafka.connect.data.Decimal",
                        "parameters": {"scale": "0"},
                    },
                }
            ],
        },
    ],
}
VALUE = {"temp": 21.5, "price": "APo=", "at": 1_767_225_600_000, "pump": {"costs": ["AQ=="]}}


def test_the_payload_is_the_event_and_the_schema_says_how_to_read_it() -> None:
    rows, rejects = opened(
        message({"schema": SCHEMA, "payload": VALUE}),
        envelope="connect",
        features=("temp", "price"),
        time="at",
        time_unit="seconds",
    )
    assert not rejects
    assert (rows.x.tolist(), rows.time.tolist()) == ([[21.5, 25.0]], [1_767_225_600.0])


def test_a_list_of_the_payload_explodes_with_its_decimals() -> None:
    rows, _ = opened(
        message({"schema": SCHEMA, "payload": VALUE}),
        envelope="connect",
        explode="pump.costs",
        features=("pump.costs", "price"),
    )
    assert rows.x.tolist() == [[1.0, 25.0]]


def test_decimal_format_numeric_is_a_number_already() -> None:
    sent = {"schema": SCHEMA, "payload": VALUE | {"price": 25.0}}
    rows, _ = opened(message(sent), envelope="connect", features=("price",))
    assert rows.x.tolist() == [[25.0]]


@pytest.mark.parametrize(
    ("sent", "reason", "expected"),
    [
        (VALUE, "undecodable", False),
        ({"payload": VALUE}, "undecodable", False),
        ({"schema": SCHEMA, "payload": None}, "tombstone", True),
        ({"schema": SCHEMA, "payload": 3}, "wrong_type", False),
    ],
)
def test_anything_else_is_rejected(sent: Any, reason: str, expected: bool) -> None:  # noqa: FBT001
    _, [reject] = opened(message(sent), envelope="connect", features=("temp",))
    assert (reject.reason, reject.expected) == (reason, expected)


def test_a_schema_that_is_none_of_connects_changes_nothing() -> None:
    for schema in (None, 3, [], {"type": "struct", "fields": 3}, {"type": "struct", "fields": [3, {"field": 1}]}):
        rows, _ = opened(message({"schema": schema, "payload": VALUE}), envelope="connect", features=("temp",))
        assert rows.x.tolist() == [[21.5]]

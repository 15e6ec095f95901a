"""CloudEvents, whose attributes are in the message or in its headers."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import orjson
import pytest

from tests.connectors.decoders.messages.opened import message, opened

DATA = {"temp": 21.5, "fault": "leak"}
SAID = {"specversion": "1.0", "id": "1", "source": "/plant/7", "type": "reading", "time": "2026-01-01T00:00:00Z"}
STRUCTURED = {"content-type": "application/cloudevents+json; charset=UTF-8"}
BINARY = {f"ce_{name}": value for name, value in SAID.items()} | {"content-type": "application/json"}
OPTIONS: dict[str, Any] = {
    "envelope": "cloudevents",
    "features": ("temp",),
    "label": "fault",
    "key": "ce_source",
    "task": "ce_type",
    "time": "ce_time",
    "time_unit": "iso",
}


@pytest.mark.parametrize(
    "sent",
    [
        message(SAID | {"datacontenttype": "application/json", "data": DATA}, headers=STRUCTURED),
        message(SAID | {"data": DATA}),
        message(SAID | {"data_base64": b64encode(orjson.dumps(DATA)).decode()}, headers=STRUCTURED),
        message(DATA, headers=BINARY),
        message(DATA, headers={name.upper(): value for name, value in BINARY.items()}),
    ],
    ids=["structured", "without a header", "base64", "binary", "capitals"],
)
def test_data_is_the_event_and_attributes_have_one_name_in_both_modes(sent: Any) -> None:
    rows, rejects = opened(sent, **OPTIONS)
    assert not rejects
    assert (rows.x.tolist(), rows.label, rows.key, rows.task) == ([[21.5]], ["leak"], [b"/plant/7"], ["reading"])
    assert rows.time.tolist() == [1_767_225_600.0]


def test_attributes_are_no_features() -> None:
    sent = message(SAID | {"priority": 3, "data": {"temp": 21.5}})
    rows, _ = opened(sent, envelope="cloudevents")
    assert rows.x.tolist() == [[21.5]]


@pytest.mark.parametrize(
    ("sent", "reason", "named"),
    [
        (message(DATA), "undecodable", "no CloudEvent"),
        (message(SAID), "tombstone", "no data"),
        (message(SAID | {"data_base64": "e30"}), "undecodable", "data_base64"),
        (message(SAID | {"data_base64": b64encode(b"not JSON").decode()}), "undecodable", "data_base64"),
        (message(SAID | {"data": "text"}), "wrong_type", "text"),
        (message(None, headers=BINARY), "tombstone", "null"),
        (message(b"<xml/>", headers=BINARY), "undecodable", "JSON"),
    ],
)
def test_what_holds_no_event_is_rejected_by_name(sent: Any, reason: str, named: str) -> None:
    rows, [reject] = opened(sent, **OPTIONS)
    assert not len(rows)
    assert (reject.stage, reject.reason, reject.expected) == ("decode", reason, False)
    assert named in reject.message

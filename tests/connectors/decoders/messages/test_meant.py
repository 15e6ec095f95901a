"""What values mean holds for the events in messages, too: exact names, gaps, ranges, times, first events."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from connectors.decoders.json_messages import JsonMessages
from connectors.decoders.json_options import JsonOptions
from connectors.decoders.msgpack import MsgpackMessages, MsgpackOptions
from connectors.record import event_index
from tests.connectors.decoders.messages.opened import message, opened

if TYPE_CHECKING:
    from connectors.decoder import Reject, Rows

ENVELOPES: dict[str, str] = {
    "debezium": '{"op": "c", "after": %s}',
    "connect": '{"schema": null, "payload": %s}',
    "cloudevents": '{"specversion": "1.0", "data": %s}',
}


def packed(*events: dict[str, Any], **options: Any) -> tuple[Rows, list[Reject]]:
    return MsgpackMessages(MsgpackOptions(**options)).decode([message(msgspec.msgpack.encode(e)) for e in events])


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("89490200001234567891", b"89490200001234567891"),
        ("894902000012345678.0", b"894902000012345678"),
        ("0.12345678901234567891", b"0.12345678901234567891"),
        ("7.0", b"7"),
        ("70e-1", b"7"),
    ],
)
def test_a_number_that_names_something_is_exact_in_an_envelope(envelope: str, text: str, name: bytes) -> None:
    event = '{"id": %s, "t": 1.5}' % text  # noqa: UP031 - braces are JSON's
    sent = message((ENVELOPES[envelope] % event).encode())
    rows, rejects = opened(sent, envelope=envelope, key="id", task="id", features=("t",))
    assert (rows.key, rows.task, rejects) == ([name], [name.decode()], [])


def test_missing_values_and_ranges_are_those_of_each_event_in_a_message() -> None:
    readings = [{"t": 1.0}, {"t": -999}, {"t": "-999.0"}, {"t": 80.0}, {"t": None}]
    sent = message({"id": "a", "readings": readings})
    options: dict[str, Any] = {
        "explode": "readings",
        "features": ("readings.t",),
        "null_values": (-999,),
        "fields": {"readings.t": {"range": (0, 50)}},
    }
    rows, rejects = opened(sent, missing="last", **options)
    assert np.array_equal(rows.x, [[1.0]] + [[np.nan]] * 4, equal_nan=True)
    assert (dict(rows.odd), rejects) == ({("readings.t", "out_of_range"): 1}, [])
    rows, rejects = opened(sent, **options)
    assert (rows.x.tolist(), dict(rows.odd)) == ([[1.0]], {("readings.t", "out_of_range"): 1})
    assert [event_index(each.record) for each in rejects] == [1, 2, 3, 4]
    assert {each.reason for each in rejects} == {"missing_field"}


@pytest.mark.parametrize(
    "options",
    [{"null_values": ("", "NaN")}, {"fields": {"a": {"null_values": ("nan",)}}}],
    ids=["all", "one field"],
)
def test_a_nan_is_a_missing_value_where_that_is_declared(options: dict[str, Any]) -> None:
    events = ({"a": 1.0, "b": 2.0}, {"a": math.nan, "b": 2.0})
    rows, rejects = packed(*events, features=("a", "b"), missing="mean", **options)
    assert (np.isnan(rows.x).tolist(), rejects) == ([[False, False], [True, False]], [])
    _, [reject] = packed(*events, features=("a", "b"), missing="mean")
    assert reject.reason == "not_finite"


@pytest.mark.parametrize(("field", "stage"), [("label", "label"), ("task", "task"), ("key", "decode")])
def test_what_is_not_finite_is_no_name(field: str, stage: str) -> None:
    _, [reject] = packed({"a": 1.0, "n": math.nan}, features=("a",), **{field: "n"})
    assert (reject.stage, reject.reason) == (stage, "not_finite")


def test_an_implausible_time_rejects_its_event_and_no_other_in_order() -> None:
    times = [1_700_000_000_000_000_000, 1_700_000_000, 1_700_000_001_000_000_000]
    readings = [{"t": 1.0, "at": each} for each in times] + [{"t": "hot", "at": times[0]}, {"t": 1.0, "at": 0}]
    rows, rejects = opened(
        message({"rows": readings}),
        explode="rows",
        features=("rows.t",),
        time="rows.at",
        time_unit="nanoseconds",
    )
    assert rows.time.tolist() == [1_700_000_000.0, 1_700_000_001.0]
    assert [(event_index(each.record), each.reason) for each in rejects] == [
        (1, "implausible_time"),
        (3, "wrong_type"),
        (4, "implausible_time"),
    ]


def test_the_first_messages_are_looked_at_together_event_by_event() -> None:
    first = message({"site": "a", "rows": [{"a": None, "b": 1}, {"a": "x", "b": 2, "s": "text"}]})
    later = message({"site": "a", "rows": [{"a": 1.5, "b": 3}] * 18})
    decoder = JsonMessages(JsonOptions(explode="rows", task="site", missing="zero"))
    decoder.look_at([first, message(b"no JSON"), later])
    assert decoder.fields == ("rows.a", "rows.b")
    assert dict(decoder.left_out) == {"rows.s": "text"}
    rows, rejects = decoder.decode([first, later])
    assert (len(rows), [event_index(each.record) for each in rejects]) == (19, [1])


@pytest.mark.parametrize("frame", [b"%s", b"[%s]"], ids=["plain", "exploded"])
def test_a_category_is_named_as_a_task_is(frame: bytes) -> None:
    options: dict[str, Any] = {} if frame == b"%s" else {"explode": "."}
    decoder = JsonMessages(JsonOptions(features=("a",), null_values=(-1,), **options).with_cells(["c"]))
    texts = (b"7", b"7.0", b'"7"', b"89490200001234567891.0", b"-1.0")
    sent = [message(frame % (b'{"a": 1, "c": %s}' % text), offset=n) for n, text in enumerate(texts)]
    rows, rejects = decoder.decode(sent)
    assert (rows.cells["c"], rejects) == (["7", "7", "7", "89490200001234567891", None], [])

"""Events as deep, wide and long as they get: each is decoded or rejected, and soon."""

from __future__ import annotations

import time

import orjson
import pytest

from connectors.decoders.json import JsonDecoder
from connectors.decoders.json_options import JsonOptions
from connectors.decoders.msgpack import MsgpackMessages, MsgpackOptions
from connectors.record import LocalRecord

GOOD = {"a": 1.5, "b": 2.0, "label": "x", "task": "t"}
ENOUGH_SECONDS = 5.0


def records(*values: bytes) -> list[LocalRecord]:
    return [LocalRecord("t", 0, offset, -1, None, value, []) for offset, value in enumerate(values)]


def nested(levels: int, opening: bytes, closing: bytes) -> bytes:
    return orjson.dumps(GOOD | {"task": 1.5})[:-1] + b',"deep":' + opening * levels + b"1" + closing * levels + b"}"


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"x":', b"}")])
@pytest.mark.parametrize("levels", [10, 900, 990, 1_000, 1_022, 1_024, 100_000])
def test_nesting_is_decoded_to_the_depth_that_json_has_and_rejected_beyond(
    levels: int, opening: bytes, closing: bytes
) -> None:
    decoder = JsonDecoder(JsonOptions(label="label", task="task", features=("a", "b")))
    rows, rejects = decoder.decode(records(nested(levels, opening, closing), orjson.dumps(GOOD)))
    # A task that is a number is read again, exactly, by another parser.
    assert rows.task == (["1.5", "t"] if levels < 1_024 else ["t"])
    assert [reject.reason for reject in rejects] == ([] if levels < 1_024 else ["undecodable"])


@pytest.mark.parametrize("levels", [10, 900, 1_000, 100_000])
@pytest.mark.parametrize("level", [b"\x91", b"\x81\xa1x"])
def test_message_pack_likewise(levels: int, level: bytes) -> None:
    value = b"\x84\xa1a\x01\xa5label\xa1x\xa4task\xa1t\xa4deep" + level * levels + b"\xc0"
    decoder = MsgpackMessages(MsgpackOptions(label="label", task="task", features=("a",), null_values=("nan",)))
    rows, rejects = decoder.decode(records(value))
    assert len(rows) + len(rejects) == 1
    assert len(rejects) == (levels > 10)


def test_a_hundred_thousand_fields_cost_their_event_alone() -> None:
    wide = orjson.dumps({f"f{number}": number for number in range(100_000)} | {"label": "x", "task": "t"})
    decoder = JsonDecoder(JsonOptions(label="label", task="task", max_bytes=1 << 22))
    sent = records(wide, wide, orjson.dumps(GOOD), wide)
    started = time.process_time()
    decoder.look_at(sent)
    rows, rejects = decoder.decode(sent)
    assert time.process_time() - started < ENOUGH_SECONDS
    assert decoder.fields == ("a", "b")
    assert (len(rows), [reject.reason for reject in rejects]) == (1, ["missing_field"] * 3)


ALMOST = {
    "digits": "1" * 400_000 + "x",
    "a fraction": "1." + "0" * 400_000 + "x",
    "groups": "1,111" * 80_000 + "x",
    "points": "1." * 200_000,
}


@pytest.mark.parametrize("kind", ALMOST)
@pytest.mark.parametrize("thousands", [None, ","])
def test_a_text_that_is_almost_a_number_is_told_from_one_in_the_time_that_its_length_asks_for(
    kind: str, thousands: str | None
) -> None:
    decoder = JsonDecoder(JsonOptions(label="label", task="task", features=("a", "b"), thousands=thousands))
    started = time.process_time()
    rows, rejects = decoder.decode(records(orjson.dumps(GOOD | {"a": ALMOST[kind]}), orjson.dumps(GOOD)))
    assert time.process_time() - started < ENOUGH_SECONDS
    assert (len(rows), [reject.reason for reject in rejects]) == (1, ["wrong_type"])

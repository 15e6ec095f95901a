"""Whatever a message holds, it becomes rows or rejects."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.decoders.msgpack import MsgpackMessages, MsgpackOptions
from connectors.record import EventRecord
from tests.connectors.decoders.messages.opened import message, opened

WORDS = [
    "schema",
    "payload",
    "op",
    "before",
    "after",
    "source",
    "fields",
    "field",
    "type",
    "name",
    "parameters",
    "scale",
    "value",
    "values",
    "items",
    "data",
    "data_base64",
    "specversion",
    "time",
    "readings",
    "temp",
    "org.apache.kafka.connect.data.Decimal",
    "io.debezium.time.NanoTimestamp",
    "io.debezium.data.VariableScaleDecimal",
    "struct",
    "bytes",
    "c",
    "u",
    "d",
    "2",
    "AQ==",
    "e30=",
    "2026-01-01",
]
LEAVES = st.one_of(st.sampled_from(WORDS), st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats())
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(WORDS), inner, max_size=5)
    ),
    max_leaves=12,
)
CHANGE = st.fixed_dictionaries({"op": st.sampled_from("cudrtm"), "after": ANYTHING, "source": ANYTHING})
CONNECT = st.fixed_dictionaries({"schema": ANYTHING, "payload": st.one_of(CHANGE, ANYTHING)})
CLOUD = st.fixed_dictionaries({"specversion": st.just("1.0"), "data": ANYTHING})
MESSAGES = st.one_of(ANYTHING, CHANGE, CONNECT, CLOUD, st.lists(ANYTHING, max_size=3))


@pytest.mark.parametrize("envelope", [None, "debezium", "connect", "cloudevents"])
@pytest.mark.parametrize("explode", [None, ".", "readings"])
@settings(max_examples=20)
@given(contents=st.lists(MESSAGES, min_size=1, max_size=4))
def test_any_message_is_opened_or_rejected(envelope: Any, explode: str | None, contents: list[Any]) -> None:
    records = [message(msgspec.json.encode(each), offset=n) for n, each in enumerate(contents)]
    options = {"envelope": envelope, "explode": explode, "decimals": {"value": 2}}
    rows, rejects = opened(*records, features=("temp",), label="op", time="time", **options)
    places = [(r.offset, r.event_index if isinstance(r, EventRecord) else -1) for r in rows.records]
    places += [(r.record.offset, getattr(r.record, "event_index", -1)) for r in rejects]
    assert len(set(places)) == len(places)
    assert explode or len(places) == len(records)


@settings(max_examples=60)
@given(contents=st.lists(st.one_of(MESSAGES.map(msgspec.msgpack.encode), st.binary(max_size=40)), max_size=4))
def test_any_messagepack_is_opened_or_rejected(contents: list[bytes]) -> None:
    decoder = MsgpackMessages(MsgpackOptions(features=("temp",), label="op"))
    rows, rejects = decoder.decode([message(each, offset=n) for n, each in enumerate(contents)])
    assert len(rows) + len(rejects) == len(contents)

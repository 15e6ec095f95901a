"""What every decoder promises, tried on each entry of the table."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import DECODERS
from connectors.record import LocalRecord
from tests.connectors.decoders.registry.sent import avro, prefix
from tests.registry.gate import Gate, holding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connectors.decoder import Decoder, Reject, Rows

MARKER = "Sekret"  # stands in payloads, and must never be seen in a message
NUMBERS = st.one_of(
    st.floats(), st.floats(-100, 100), st.integers(-(2**70), 2**70), st.sampled_from([0.0, -0.0, 1e39, 2**53 + 1])
)
CELLS = st.one_of(NUMBERS, st.booleans(), st.none(), st.sampled_from([MARKER, "1.5", "", [1], {"b": 1}]))
EVENTS = st.dictionaries(st.sampled_from(["a", "b", "c", "y", "t", "k", "when", "more"]), CELLS)


def _json_text(event: Any) -> bytes:
    try:
        return orjson.dumps(event)
    except TypeError:  # an integer of more than 64 bits
        return repr(event).encode()


def _clean(draw: st.DrawFn) -> dict[str, Any]:
    numbers = {name: draw(st.floats(-1e6, 1e6)) for name in "abc"}
    return {**numbers, "y": draw(st.sampled_from(["up", "down"])), "t": "east", "k": "k1", "when": 5}


@st.composite
def _json_values(draw: st.DrawFn) -> bytes:
    event = _clean(draw)
    if draw(st.integers(0, 3)) == 0:
        event = {**event, **draw(EVENTS)}
        for name in draw(st.sets(st.sampled_from(sorted(event)), max_size=2)):
            del event[name]
    text = _json_text(event)
    return text.replace(b"5", b"NaN", 1) if draw(st.integers(0, 20)) == 0 else text


def _wrapped(event: bytes) -> bytes:
    return b'{"specversion": "1.0", "data": ' + event + b"}"


@st.composite
def _msgpack_values(draw: st.DrawFn) -> bytes:
    event = {**_clean(draw), **(draw(EVENTS) if draw(st.booleans()) else {})}
    return msgspec.msgpack.encode({name: float(v) if isinstance(v, int) else v for name, v in event.items()})


AVRO = [(name, "double") for name in ("a", "b", "c")] + [(name, "string") for name in ("y", "t", "k")]
AVRO_SCHEMA = {"type": "record", "name": "E", "fields": [
    *({"name": name, "type": ["null", kind]} for name, kind in AVRO),
    {"name": "when", "type": {"type": "long", "logicalType": "timestamp-millis"}},
]}  # fmt: skip
PROTO = """
syntax = "proto3";
message E {
  double a = 1; double b = 2; double c = 3; string y = 4; string t = 5; string k = 6; int64 when = 7;
}
"""
SCHEMAS = {
    "/schemas/ids/1": {"schema": json.dumps(AVRO_SCHEMA)},
    "/schemas/ids/2": {"schema": PROTO, "schemaType": "PROTOBUF"},
}
REGISTRY: dict[str, str] = {}


@pytest.fixture(autouse=True, scope="module")
def _a_registry() -> Iterator[None]:
    with Gate(holding(SCHEMAS)) as gate:
        REGISTRY["url"] = gate.url
        yield


@st.composite
def _avro_values(draw: st.DrawFn) -> bytes:
    event = {**_clean(draw), "when": draw(st.integers(0, 10**9))}
    for name in draw(st.sets(st.sampled_from("abcytk"), max_size=1)):
        event[name] = None
    value = prefix(draw(st.sampled_from([1, 1, 1, 1, 3]))) + avro(AVRO_SCHEMA, event)
    return value[: draw(st.integers(0, len(value)))] if draw(st.integers(0, 5)) == 0 else value


@st.composite
def _protobuf_values(draw: st.DrawFn) -> bytes:
    numbers = b"".join(bytes([number * 8 + 1]) + struct.pack("<d", draw(st.floats())) for number in (1, 2, 3))
    value = prefix(2) + draw(st.sampled_from([b"\x00", b"\x00", b"\x02\x02"])) + numbers + b"\x2a\x04east"
    return value[: draw(st.integers(0, len(value)))] if draw(st.integers(0, 5)) == 0 else value


@st.composite
def _csv_values(draw: st.DrawFn) -> bytes:
    cells = [str(value) for value in _clean(draw).values()]
    if draw(st.integers(0, 3)) == 0:
        cells[draw(st.integers(0, 6))] = draw(
            st.sampled_from(["", MARKER, "nan", "inf", "1e39", '"1"', '"', "a\nb", "1,2"])
        )
    return ",".join(cells).encode() + draw(st.sampled_from([b"", b"", b"", b"\r\n"]))


@st.composite
def _raw_values(draw: st.DrawFn) -> bytes:
    width = draw(st.sampled_from([3, 3, 3, 2, 4]))
    return struct.pack(f"<{width}f", *draw(st.lists(st.floats(width=32), min_size=width, max_size=width)))


@dataclass(frozen=True)
class Case:
    """How one decoder is tried."""

    options: dict[str, Any]
    values: st.SearchStrategy[bytes]
    silent: tuple[bytes, ...] = ()
    """Payloads that are neither rows nor rejects."""
    variants: Sequence[dict[str, Any]] = field(default=({},))


NAMED = {"label": "y", "task": "t", "key": "k", "time": "when", "earliest_time": None}
HEADER = b"a,b,c,y,t,k,when"
LISTED = {"features": ("c", "a")}
TABULAR = [
    *({"missing": policy, **fields} for policy in ("reject", "last") for fields in ({}, LISTED)),
    {"missing": "last", "implausible_time": "clamp", "max_ahead_seconds": 4, "numbers": "text"},
    {"null_values": ("", 1.5), "fields": {"a": {"range": (-50, 50)}}},
    {"missing": "zero", "null_values": (0,), "fields": {"a": {"range": (-50, 50), "null_values": ("inf",)}}},
]
CASES = {
    "json": Case({**NAMED, "max_bytes": 200}, _json_values(), variants=TABULAR),
    "json wrapped": Case({**NAMED, "envelope": "cloudevents"}, _json_values().map(_wrapped)),
    "msgpack": Case(NAMED, _msgpack_values(), variants=TABULAR[::3]),
    "avro": Case({**NAMED, "registry": REGISTRY}, _avro_values(), variants=TABULAR[::3]),
    "protobuf": Case({**NAMED, "registry": REGISTRY}, _protobuf_values(), variants=TABULAR[::3]),
    "csv": Case({**NAMED, "header": True}, st.one_of(st.just(HEADER), _csv_values()), (HEADER,), TABULAR),
    "raw": Case(
        {**NAMED, "dtype": "float32", "shape": (3,)},
        _raw_values(),
        variants=({}, {"missing": "last", "null_values": (0, "nan"), "fields": {"x1": {"range": (-9, 9)}}}),
    ),
}
PARAMETERS = [
    pytest.param(name, case, variant, id=f"{name}-{number}")
    for name, case in CASES.items()
    for number, variant in enumerate(case.variants)
]


def _decoder(name: str, options: dict[str, Any]) -> Decoder:
    kind = DECODERS[name.partition(" ")[0]]
    decoder: Decoder = kind(kind.Options(**options))
    return decoder


def _headers() -> st.SearchStrategy[list[tuple[str, bytes]]]:
    texts = st.sampled_from([b"east", b"5", b"", b"\xff", MARKER.encode()])
    pairs = st.tuples(st.sampled_from(["y", "t", "k", "when", "other"]), texts)
    good = st.just([("y", b"up"), ("t", b"east"), ("when", b"5")])
    return st.one_of(good, good, st.lists(pairs, max_size=5))


def _records(case: Case) -> st.SearchStrategy[list[LocalRecord]]:
    values = st.one_of(case.values, case.values, case.values, st.binary(max_size=300), st.none())
    parts = st.tuples(values, _headers(), st.integers(-1, 2**62))
    return st.lists(parts, max_size=12).map(
        lambda rows: [LocalRecord("t", 0, n, time, None, v, headers) for n, (v, headers, time) in enumerate(rows)]
    )


def _bits(rows: Sequence[Rows]) -> list[Any]:
    return [
        [row.tobytes() for one in rows for row in one.x],
        [repr(label) for one in rows for label in one.label],
        [task for one in rows for task in one.task or []],
        [key for one in rows for key in one.key],
        [x.tobytes() for one in rows for x in one.time],
        [record for one in rows for record in one.records],
    ]


def _state_bits(state: Any) -> Any:
    if isinstance(state, dict):
        return {name: _state_bits(value) for name, value in state.items()}
    return (state.dtype.str, state.shape, state.tobytes()) if isinstance(state, np.ndarray) else state


def _in_groups(decoder: Decoder, groups: Sequence[Sequence[LocalRecord]]) -> tuple[list[Rows], list[Reject]]:
    pairs = [decoder.decode(group) for group in groups]
    return [rows for rows, _ in pairs], [reject for _, rejects in pairs for reject in rejects]


def test_every_decoder_has_a_case() -> None:
    assert {name.partition(" ")[0] for name in CASES} == set(DECODERS)


@pytest.mark.parametrize(("name", "case", "variant"), PARAMETERS)
@settings(max_examples=30)
@given(data=st.data())
def test_every_record_becomes_a_finite_row_or_a_reject_in_order(
    name: str, case: Case, variant: dict[str, Any], data: st.DataObject
) -> None:
    records = data.draw(_records(case))
    rows, rejects = _decoder(name, {**case.options, **variant}).decode(records)

    assert rows.x.shape[0] == len(rows) == len(rows.label) == len(rows.key) == len(rows.time)
    assert rows.x.dtype == rows.time.dtype == np.float64
    assert rows.task is not None
    assert len(rows.task) == len(rows)
    gaps = np.isnan(rows.x) if variant.get("missing", "reject") != "reject" else np.zeros(rows.x.shape, bool)
    assert (np.isfinite(rows.x.astype(np.float32)) | gaps).all()
    passed = [record.offset for record in rows.records]
    rejected = [reject.record.offset for reject in rejects]
    assert passed == sorted(passed)
    assert rejected == sorted(rejected)
    silent = {record.offset for record in records} - {*passed, *rejected}
    assert len(passed) + len(rejected) + len(silent) == len(records)
    header_seen = [records[offset].value for offset in sorted(silent)]
    assert not header_seen or case.silent, "only a header is neither"
    assert all(MARKER not in reject.message for reject in rejects)
    assert all(reject.message.endswith((".", "byte 0.")) for reject in rejects)


@pytest.mark.parametrize(("name", "case", "variant"), PARAMETERS)
@settings(max_examples=30)
@given(data=st.data())
def test_grouping_and_a_restart_change_nothing(
    name: str, case: Case, variant: dict[str, Any], data: st.DataObject
) -> None:
    records = data.draw(_records(case))
    cut = data.draw(st.integers(0, len(records)))
    options = {**case.options, **variant}
    whole, single, before, after = (_decoder(name, options) for _ in range(4))

    expected_rows, expected_rejects = _in_groups(whole, [records])
    single_rows, single_rejects = _in_groups(single, [[record] for record in records])
    first_rows, first_rejects = _in_groups(before, [records[:cut]])
    after.load_state_dict(before.state_dict())
    second_rows, second_rejects = _in_groups(after, [records[cut:]])

    assert _bits(single_rows) == _bits(expected_rows) == _bits([*first_rows, *second_rows])
    assert single_rejects == expected_rejects == first_rejects + second_rejects
    assert _state_bits(single.state_dict()) == _state_bits(whole.state_dict()) == _state_bits(after.state_dict())
    assert single.fields == whole.fields == after.fields


@pytest.mark.parametrize(("name", "case", "variant"), PARAMETERS)
def test_nothing_in_gives_nothing_out(name: str, case: Case, variant: dict[str, Any]) -> None:
    rows, rejects = _decoder(name, {**case.options, **variant}).decode([])
    assert len(rows) == 0
    assert not rejects


@pytest.mark.parametrize(("name", "case", "variant"), PARAMETERS)
def test_a_tombstone_and_an_oversized_payload_are_rejected(name: str, case: Case, variant: dict[str, Any]) -> None:
    decoder = _decoder(name, {**case.options, **variant})
    limit = 2_000_000
    records = [LocalRecord("t", 0, n, -1, None, value, []) for n, value in enumerate([None, b"1" * limit])]
    rows, rejects = decoder.decode(records)
    assert len(rows) == 0
    assert [reject.reason for reject in rejects] == ["tombstone", "too_large"]
    assert str(limit) in rejects[1].message

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.decoders.flat_json import MOST_FIELDS, flat_reader
from connectors.decoders.json import JsonDecoder
from connectors.decoders.json_options import JsonOptions
from connectors.record import LocalRecord

FIELDS = {"features": ("a", "b"), "label": "y", "task": "t", "key": "k", "time": "when"}
GOOD = b'{"a": 1.5, "b": -20, "y": "up", "t": "east", "k": 7, "when": 5}'
TOKENS = [
    *(
        b'"',
        b"\\",
        b",",
        b":",
        b"{",
        b"}",
        b"[",
        b"]",
        b" ",
        b"\n",
        b"\x00",
        b"\x0b",
        b"\x7f",
        b"\xc3\xa4",
        b"\xff",
    ),
    *(b"-0", b"-0.0", b"-", b".", b"e9", b"1e400", b"1e-400", b"1" * 25, b"01", b"true", b"null", b"NaN", b"[{}]"),
    *(b"9007199254740993", b"-9223372036854775809", b"9223372036854775808", b"18446744073709551616", b"1" * 320),
    *(
        b"\\u0061",
        b"\\ud800",
        b"\\ud83d\\ude00",
        b"\\q",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"[" * 1030,
        b"\xc2\xa0",
    ),
    *(
        b'"a": 2,',
        b'"a": "x",',
        b'"y": 1e400,',
        b'"more": 1,',
        b'"more": "\xff",',
        b'"\xff": 1,',
        b'"more": 1e400,',
    ),
]


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    text = draw(st.permutations(GOOD[1:-1].split(b", "))) if draw(st.booleans()) else [GOOD[1:-1]]
    value = b"{%b}" % b", ".join(text)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(value)))
        stop = draw(st.sampled_from([start, start, start + 1, start + 3]))
        with_what = draw(
            st.one_of(st.sampled_from(TOKENS), st.binary(max_size=2), st.just(value[start : start + 9]))
        )
        value = value[:start] + with_what + value[stop:]
    return value


def _outcome(value: bytes, *, beside: list[bytes | None], missing: str) -> Any:
    """What becomes of an event that comes in one call after some others, to the bit."""
    values = [*beside, value]
    records = [LocalRecord("t", 0, n, 2_500, None, some, []) for n, some in enumerate(values)]
    rows, rejects = JsonDecoder(JsonOptions(**FIELDS, missing=missing)).decode(records)
    if rejects and rejects[-1].record is records[-1]:
        return rejects[-1].stage, rejects[-1].reason, rejects[-1].message
    assert rows.records[-1] is records[-1]
    assert rows.task is not None
    return rows.x[-1].tobytes(), repr(rows.label[-1]), rows.task[-1], rows.key[-1], rows.time[-1].tobytes()


@pytest.mark.parametrize("missing", ["reject", "zero"])
@settings(max_examples=200)
@given(value=_mutated())
def test_what_comes_beside_an_event_never_decides_about_it(value: bytes, missing: str) -> None:
    neighbours: list[list[bytes | None]] = [
        [],
        [GOOD, GOOD],
        [GOOD.replace(b"}", b', "more": 1}')],  # another field: all are read through dicts
        [None],  # a tombstone: all are examined one by one
    ]
    alone, *others = [_outcome(value, beside=some, missing=missing) for some in neighbours]
    assert others == [alone] * 3


@pytest.mark.parametrize(
    "value",
    [
        b'{"a": 1, "more": 1}',  # what is skipped is not looked at closely, as the next two
        b'{"a": 1, "more": 1e400}',
        b'{"a": 1, "more": "\xff"}',
        b'{"a": "1"}',
        b'{"a": 1, "y": []}',
    ],
)
def test_what_orjson_might_read_otherwise_is_refused(value: bytes) -> None:
    read = flat_reader(["a"], ["y"])
    assert read is not None
    with pytest.raises(ValueError, match=r"."):
        read([value])


def test_values_are_as_they_were_written_in_the_order_asked_for() -> None:
    read = flat_reader(["b", "a"], ["y"])
    assert read is not None
    [row] = read([b'{"y": 9223372036854775809, "a": 9007199254740993, "b": -0.0, "a": true}'])
    assert repr(row) == "(-0.0, True, 9223372036854775809)"


def test_names_are_any_text_of_one_level() -> None:
    read = flat_reader(["class", "größe in cm", ""], ["1"])
    assert read is not None
    assert read(['{"class": 1, "größe in cm": 2, "": 3, "1": "x"}'.encode()]) == [(1.0, 2.0, 3.0, "x")]


@pytest.mark.parametrize(
    ("features", "others"),
    [
        (["data.temp"], []),
        (["a"], ["meta.class"]),
        (["a"], ["a"]),
        (['"'], []),
        (["\\"], []),
        (["\n"], []),
        ([f"f{n}" for n in range(MOST_FIELDS)], ["y"]),
    ],
)
def test_other_fields_are_left_to_the_way_through_dicts(features: list[str], others: list[str]) -> None:
    assert flat_reader(features, others) is None


def test_a_field_may_be_feature_task_and_key_at_once() -> None:
    decoder = JsonDecoder(JsonOptions(features=("a", "b"), task="a", key="a"))
    rows, _ = decoder.decode([LocalRecord("t", 0, 0, 2_500, None, b'{"a": 3, "b": 1}', [])])
    assert (rows.x.tolist(), rows.task, rows.key) == ([[3.0, 1.0]], ["3"], [b"3"])

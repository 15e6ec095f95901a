from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from connectors.decoders.json import JsonDecoder
from connectors.decoders.json_options import JsonOptions
from connectors.record import LocalRecord

NAMED = {"features": ("a", "d.b"), "label": "y", "task": "t", "key": "k", "time": "when"}
GOOD = b'{"a": 1, "d": {"b": true}, "y": "up", "t": 3, "k": 7, "when": 1600000001.5}'


def _record(value: bytes | None, **fields: Any) -> LocalRecord:
    return LocalRecord("t", 0, 0, 1_600_000_002_500, b"own", value, [])._replace(**fields)


def _decode(*values: bytes, **options: Any) -> Any:
    return JsonDecoder(JsonOptions(**options)).decode([_record(value) for value in values])


def test_a_good_event_becomes_one_row_with_all_that_surrounds_it() -> None:
    rows, rejects = _decode(GOOD, **NAMED)
    assert rejects == []
    assert rows.x.tolist() == [[1.0, 1.0]]
    assert (rows.label, rows.task, rows.key, rows.time.tolist()) == (["up"], ["3"], [b"7"], [1600000001.5])


def test_key_and_time_fall_back_to_the_record() -> None:
    rows, _ = _decode(b'{"a": 1}', features=("a",), time="when")
    assert (rows.key, rows.time.tolist()) == ([b"own"], [1_600_000_002.5])
    unknown, _ = JsonDecoder(JsonOptions()).decode([_record(b'{"a": 1}', timestamp=-1)])
    assert math.isnan(unknown.time[0])


@pytest.mark.parametrize(
    ("change", "stage", "reason", "named"),
    [
        ((b'"a": 1', b'"a": "1,5"'), "features", "wrong_type", "'a' is text; expected a number, it is one with"),
        ((b"true", b"[1]"), "features", "wrong_type", "'d.b' is a list"),
        ((b'"a": 1', b'"a": null'), "features", "missing_field", "'a'"),
        ((b'"b"', b'"c"'), "features", "missing_field", "'d.b'"),
        ((b"1,", b"NaN,"), "decode", "not_finite", "NaN"),
        ((b"1,", b"1e39,"), "features", "not_finite", "'a'"),
        ((b'"up"', b"{}"), "label", "wrong_type", "an object"),
        ((b'"t": 3', b'"t": null'), "task", "missing_task", "task"),
        ((b'"t": 3', b'"t": ""'), "task", "missing_task", "task"),
        ((b'"t": 3', b'"t": []'), "task", "wrong_type", "a list"),
        ((b'"k": 7', b'"k": {}'), "decode", "wrong_type", "key"),
        ((b"1600000001.5", b'"noon"'), "decode", "wrong_type", "time"),
        ((b"1600000001.5", b"1600000001500"), "decode", "implausible_time", "time_unit: milliseconds"),
        ((b"1600000001.5", b"1600000001500000"), "decode", "implausible_time", "time_unit: microseconds"),
        ((b"1600000001.5", b"1600000.0015"), "decode", "implausible_time", "1970-01-19"),
        ((b"1600000001.5", b"-1"), "decode", "implausible_time", "earliest_time"),
        ((b"}", b""), "decode", "undecodable", "not valid json"),
        ((GOOD, b"[]"), "decode", "wrong_type", "a list"),
        ((GOOD, b'"\xff"'), "decode", "undecodable", "not valid json"),
    ],
)
def test_the_culprit_is_named_and_its_neighbours_pass(
    change: tuple[bytes, bytes], stage: str, reason: str, named: str
) -> None:
    rows, [reject] = _decode(GOOD, GOOD.replace(*change), GOOD, **NAMED)
    assert len(rows) == 2
    assert (reject.stage, reject.reason) == (stage, reason)
    assert named.lower() in reject.message.lower()


def test_without_names_the_numeric_fields_of_the_first_event_are_the_features_for_ever() -> None:
    decoder = JsonDecoder(JsonOptions(label="y", time="when"))
    first = b'{"when": 1600000001, "id": "x", "d": {"b": 2, "on": false}, "a": 3.5, "y": 1, "none": null}'
    later = b'{"new": 9, "a": 1, "d": {"b": 2, "on": true}}'
    rows, _ = decoder.decode([_record(b"{}"), _record(first), _record(later)])
    assert decoder.fields == ("d.b", "d.on", "a")
    assert rows.x.tolist() == [[2.0, 0.0, 3.5], [2.0, 1.0, 1.0]]
    assert rows.label == [1, None]


def test_integers_beyond_float64_are_rounded_alike_alone_and_beside_a_culprit() -> None:
    event = b'{"a": 9007199254740993, "b": 18446744073709551615}'
    alone, _ = _decode(event, features=("a", "b"))
    beside, _ = _decode(event, b"x", features=("a", "b"))
    np.testing.assert_array_equal(alone.x, beside.x)


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("seconds", b"1600000001.5"),
        ("seconds", b'"1600000001.5"'),
        ("milliseconds", b"1600000001500"),
        ("microseconds", b"1600000001500000"),
        ("nanoseconds", b"1600000001500000000"),
        ("iso", b'"2020-09-13T12:26:41.5Z"'),
        ("iso", b'"2020-09-13T14:26:41.500000000+02:00"'),
        ("iso", b'"20200913T122641,5"'),
    ],
)
def test_time_units_mean_the_same_instant(unit: str, text: bytes) -> None:
    rows, _ = _decode(b'{"a": 1, "when": %b}' % text, time="when", time_unit=unit)
    assert rows.time.tolist() == [1_600_000_001.5]


def test_a_missing_feature_is_a_gap_where_gaps_are_filled() -> None:
    events = [b'{"a": 1, "b": 0}', b'{"a": 99, "b": "x"}', b'{"b": 0}', b'{"a": "", "b": 0}']
    rows, rejects = _decode(*events, features=("a", "b"), missing="last")
    assert len(rejects) == 1
    np.testing.assert_array_equal(rows.x[:, 0], [1.0, np.nan, np.nan])


def test_options_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValidationError, match="twice"):
        JsonOptions(features=("a", "a"))
    with pytest.raises(ValidationError, match="also a feature"):
        JsonOptions(features=("a",), label="a")


def test_state_of_other_features_is_refused() -> None:
    state = JsonDecoder(JsonOptions(features=("a",))).state_dict()
    with pytest.raises(ValueError, match="checkpoint was made with"):
        JsonDecoder(JsonOptions(features=("b",))).load_state_dict(state)

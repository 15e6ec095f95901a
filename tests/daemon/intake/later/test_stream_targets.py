"""What the label of an event is whose field has such values later."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.decoder import Rows
from connectors.record import LocalRecord
from daemon.intake.labels.options import ClassLabel, NumberLabel
from daemon.intake.later.stream_targets import StreamTargets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.intake.later.found import Found


def targets(**options: Any) -> StreamTargets:
    kind = ClassLabel if options.pop("type", "number") == "class" else NumberLabel
    return StreamTargets(kind.model_validate({"from": "stream", "field": "v", **options}))


def rows(values: Sequence[Any], *, keys: Sequence[bytes | None] = (), times: Sequence[float] = ()) -> Rows:
    records: Any = [LocalRecord("t", 0, n, -1, None, b"", []) for n in range(len(values))]
    return Rows(
        x=np.zeros((len(values), 0)),
        label=list(values),
        task=None,
        key=list(keys) or [None] * len(values),
        time=np.array(times or np.arange(len(values)) * 60.0),
        records=records,
    )


def pairs(found: Found) -> list[tuple[int, Any]]:
    return list(zip(found.number, found.value, strict=True))


VALUES = [10.0, 12.0, 12.0, 9.0]
TARGETS: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "value": ({}, [12.0, 12.0, 9.0]),
    "difference": ({"as": "difference"}, [2.0, 0.0, -3.0]),
    "return": ({"as": "return"}, [0.2, 0.0, -0.25]),
    "sign": ({"as": "sign", "type": "class"}, ["up", "same", "down"]),
    "above_median": ({"as": "above_median", "window": 3, "type": "class"}, ["above", "above", "below"]),
}


@pytest.mark.parametrize("case", TARGETS)
def test_a_target_is_told_from_the_next_value_and_what_was_known(case: str) -> None:
    options, expected = TARGETS[case]
    found = targets(ahead=1, **options).find(rows(VALUES))
    assert found.number == [0, 1, 2]
    assert found.value == pytest.approx(expected) if case == "return" else found.value == expected
    assert found.before == [1, 2, 3]
    assert found.delay == [60.0, 60.0, 60.0]


def test_the_median_is_that_of_the_newest_values_of_the_key_as_of_the_event() -> None:
    found = targets(ahead=1, window=3, type="class", **{"as": "above_median"}).find(rows([1, 9, 5, 6, 5, 8]))
    assert found.value == ["above", "below", "above", "below", "above"]


def test_events_are_counted_under_their_key() -> None:
    found = targets(ahead=2).find(rows(range(7), keys=[b"a", b"b", b"a", b"a", b"b", b"b", b"a"]))
    assert pairs(found) == [(0, 3), (1, 5), (2, 6)]


def test_where_the_value_so_many_events_later_is_missing_there_is_no_label() -> None:
    found = targets(ahead=2).find(rows([1, 2, None, 4, 5]))
    assert pairs(found) == [(1, 4), (2, 5)]
    assert found.gone == [0]
    assert found.counts["undefined"] == 1


def test_an_event_without_what_its_target_is_told_from_has_none_and_is_still_counted() -> None:
    found = targets(ahead=1, **{"as": "difference"}).find(rows([1, None, 3, "", 5, 6]))
    assert pairs(found) == [(4, 1.0)]
    assert sorted(found.gone) == [0, 1, 2, 3]


def test_a_return_on_nothing_is_undefined() -> None:
    found = targets(ahead=1, **{"as": "return"}).find(rows([0.0, 4.0, 2.0]))
    assert pairs(found) == [(1, -0.5)]
    assert found.gone == [0]


def test_ahead_in_time_is_the_first_value_so_much_later_and_not_too_late() -> None:
    times = [0.0, 30.0, 59.0, 60.0, 95.0, 400.0]
    found = targets(ahead="60s").find(rows([0, 1, 2, 3, None, 5], times=times))
    # Twice ahead is the horizon: of the last value everybody that still waits is too far away.
    assert pairs(found) == [(0, 3)]
    assert found.counts["expired"] == 4
    assert found.delay == [60.0]


def test_a_class_may_be_predicted_ahead_as_it_is() -> None:
    found = targets(ahead=1, type="class").find(rows(["on", "off", None, "on"]))
    assert pairs(found) == [(0, "off"), (2, "on")]


def test_a_row_without_a_time_has_no_target_in_time() -> None:
    found = targets(ahead="60s").find(rows([1, 2, 3], times=[0.0, math.nan, 60.0]))
    assert pairs(found) == [(0, 3)]
    assert found.gone == [1]


def test_what_waits_under_a_forgotten_key_is_given_up() -> None:
    made = StreamTargets(NumberLabel.model_validate({"from": "stream", "field": "v", "ahead": 1}), max_keys=1)
    found = made.find(rows([1, 2, 3], keys=[b"a", b"b", b"a"]))
    assert pairs(found) == []
    assert found.gone == [0, 1]


def test_another_target_does_not_take_up_what_waits() -> None:
    state = targets(ahead=1).state_dict()
    with pytest.raises(ValueError, match="events wait for the label"):
        targets(ahead=2).load_state_dict(state)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(-3, 3) | st.none(), st.integers(-5, 90)), max_size=60),
    st.sampled_from(["value", "difference", "return", "sign", "above_median"]),
    st.sampled_from([1, 3, "60s"]),
    st.lists(st.integers(1, 9), min_size=1),
)
def test_neither_grouping_nor_a_restart_changes_what_is_found(
    events: list[tuple[int, int | None, int]], target: str, ahead: int | str, sizes: list[int]
) -> None:
    keys = [b"%d" % key for key, _, _ in events]
    values, times = [value for _, value, _ in events], np.cumsum([step for _, _, step in events]).tolist()
    options: dict[str, Any] = {"ahead": ahead, "as": target, "max_waiting": 7, "window": 3}
    options["type"] = "class" if target in ("sign", "above_median") else "number"
    whole = targets(**options).find(rows(values, keys=keys, times=times))
    made, numbers, found_values, gone = targets(**options), [], [], []
    start = 0
    while start < len(events):
        stop = start + sizes[start % len(sizes)]
        part = made.find(rows(values[start:stop], keys=keys[start:stop], times=times[start:stop]))
        numbers, found_values, gone = numbers + part.number, found_values + part.value, gone + part.gone
        state, made = made.state_dict(), targets(**options)
        made.load_state_dict(state)
        start = stop
    assert (numbers, found_values, gone) == (whole.number, whole.value, whole.gone)

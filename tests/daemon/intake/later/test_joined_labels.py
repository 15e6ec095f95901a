"""Every way in which an event and its labels can come, and what is made of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from daemon.intake.later.joined_labels import Happening, JoinedLabels

YES, NO = 1.0, 0.0


def event(name: str, *, at: float = 0.0, label: float | None = None) -> Happening:
    return Happening(name.encode() or None, at, label, is_event=True)


def label(name: str, value: float = YES, *, at: float = 0.0) -> Happening:
    return Happening(name.encode() or None, at, value, is_event=False)


CASES: dict[str, tuple[list[Happening], list[tuple[int, float]], dict[str, int]]] = {
    "after its event": ([event("a"), event("b"), label("b"), label("a", NO)], [(1, YES), (0, NO)], {}),
    "before its event": ([label("a"), event("b"), event("a")], [(1, YES)], {}),
    "in its event": ([event("a", label=NO), event("b")], [(0, NO)], {}),
    "in its event, and later": ([event("a", label=NO), label("a", NO)], [(0, NO)], {"duplicate": 1}),
    "twice": ([event("a"), label("a"), label("a")], [(0, YES)], {"duplicate": 1}),
    "twice before its event": ([label("a"), label("a"), event("a")], [(0, YES)], {"duplicate": 1}),
    "otherwise, before its event": ([label("a"), label("a", NO), event("a")], [(0, NO)], {"corrected": 1}),
    "otherwise, after it was learned": ([event("a"), label("a"), label("a", NO)], [(0, YES)], {"contradicting": 1}),
    "the event again while it waits": ([event("a"), event("a"), label("a")], [(0, YES)], {"resent": 1}),
    "the event again after its label": ([event("a"), label("a"), event("a")], [(0, YES)], {"resent": 1}),
    "too late": (
        [event("a", at=0), event("b", at=61), label("a", at=61), label("b", at=61)],
        [(1, YES)],
        {"expired": 1, "late": 1},
    ),
    "just in time": ([event("a", at=0), label("a", at=60)], [(0, YES)], {}),
    "after too many events": (
        [event("a"), event("b"), event("c"), event("d"), label("a"), label("b")],
        [(1, YES)],
        {"expired": 1, "late": 1},
    ),
    "of nobody": ([label("a", at=0), event("b", at=61), event("a", at=62)], [], {"unknown": 1}),
    "too many of nobody": (
        [label("a"), label("b"), label("c"), label("d"), event("a"), event("d")],
        [(1, YES)],
        {"unknown": 1},
    ),
    "of nobody knows whom": ([event(""), label(""), event("a")], [], {"unidentified": 2}),
}


@pytest.mark.parametrize("case", CASES)
def test_each_case_has_one_outcome(case: str) -> None:
    happenings, learned, counts = CASES[case]
    found = JoinedLabels(most=3, horizon_seconds=60.0).find(happenings)
    assert list(zip(found.number, found.value, strict=True)) == learned
    assert {name: count for name, count in found.counts.items() if count} == counts


@pytest.mark.parametrize("case", CASES)
def test_a_restart_between_any_two_changes_nothing(case: str) -> None:
    happenings, learned, counts = CASES[case]
    joined: Any = JoinedLabels(most=3, horizon_seconds=60.0)
    heard, told = [], dict.fromkeys(counts, 0)
    for happening in happenings:
        found = joined.find([happening])
        heard += zip(found.number, found.value, strict=True)
        for name in counts:
            told[name] += found.counts[name]  # type: ignore[index]  # an outcome
        state, joined = joined.state_dict(), JoinedLabels(most=3, horizon_seconds=60.0)
        joined.load_state_dict(state)
    assert heard == learned
    assert told == counts


def test_a_label_is_known_to_the_events_after_it_alone() -> None:
    found = JoinedLabels(most=9, horizon_seconds=None).find([event("a"), event("b"), label("a"), event("c")])
    assert found.before == [2]


def test_the_delay_is_how_far_event_time_has_gone_on() -> None:
    happenings = [event("a", at=100), event("b", at=130), label("a", at=125), label("b", at=np.nan)]
    assert JoinedLabels(most=9, horizon_seconds=None).find(happenings).delay == [30.0, 0.0]

"""Intervals whose labels come later hold as many labels as is wished, and know none before it has come."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.scoring.intervals import AdaptiveIntervals
from daemon.scoring.later_intervals import LaterIntervals


@pytest.mark.parametrize("delay", [0, 30])
def test_they_hold_as_many_labels_as_is_wished_across_a_change(delay: int) -> None:
    chance = np.random.default_rng(0)
    label = chance.normal(size=8_000) * np.repeat([1.0, 4.0], 4_000)
    intervals, halves = LaterIntervals(0.9, window=100), np.zeros(len(label))
    for number in range(len(label) + delay):
        if number < len(label):
            halves[number] = intervals.ask(number, 0.0, task=0)
        if number >= delay:
            intervals.hear(number - delay, float(label[number - delay]))
    assert abs(np.mean(np.abs(label) <= halves) - 0.9) < 0.01
    assert intervals.state_dict()["waiting"]["numbers"].size == 0


def test_without_delay_they_are_those_of_labels_in_events() -> None:
    label = np.random.default_rng(1).normal(size=300)
    task = np.arange(300) // 100
    at_once = AdaptiveIntervals(0.8, window=50).follow(np.zeros(300), label=label, task=task)
    later, halves = LaterIntervals(0.8, window=50), np.zeros(300)
    for number, (truth, code) in enumerate(zip(label.tolist(), task.tolist(), strict=True)):
        halves[number] = later.ask(number, 0.0, task=code)
        later.hear(number, truth)
    np.testing.assert_array_equal(halves, at_once)


def test_what_waits_survives_and_moves_with_its_task() -> None:
    first, again = LaterIntervals(0.8, window=50), LaterIntervals(0.8, window=50)
    for number in range(40):
        first.ask(number, float(number), task=1)
    first.give_up([0, 1])
    first.merge_task(1, into=0)
    again.load_state_dict(first.state_dict())
    for intervals in (first, again):
        for number in range(40):
            intervals.hear(number, number + 0.5)
    assert first.scores({0: "all"}) == again.scores({0: "all"})
    assert again.scores({0: "all"})["all"].samples == 38

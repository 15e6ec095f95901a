"""How good answers are is estimated before their labels come, and how far off that was is told when they have."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.scoring.estimated_accuracy import AccuracyEstimate, EstimatedAccuracy
from tests.daemon.same_state import assert_same_state

WINDOW, LATE = 500, 300


def follow(sure: list[float], right: list[bool], *, stop: int | None = None) -> EstimatedAccuracy:
    """Let every label come so many answers late; ``stop`` is where the state goes into another one."""
    estimated = EstimatedAccuracy(window=WINDOW)
    for number, each in enumerate(sure):
        if number == stop:
            again = EstimatedAccuracy(window=WINDOW)
            again.load_state_dict(estimated.state_dict())
            estimated = again
        estimated.ask(number, each)
        if number >= LATE:
            estimated.hear(number - LATE, right=right[number - LATE])
    return estimated


def stream(*, boast: float, fall: float) -> tuple[list[float], list[bool]]:
    """Answers that are surer than they are right; the last 300 are less sure, and less right, by ``fall``."""
    chance = np.random.default_rng(0)
    right = chance.uniform(0.5, 0.9, size=4_000)
    right[-LATE:] -= fall
    came = chance.random(4_000) < right
    return (right + boast).tolist(), came.tolist()


def score_of(estimated: EstimatedAccuracy) -> AccuracyEstimate:
    score = estimated.score
    assert score is not None
    return score


@pytest.mark.parametrize("boast", [0.0, 0.09])
def test_the_estimate_is_calibrated_by_labels_and_falls_before_they_come(boast: float) -> None:
    sure, right = stream(boast=boast, fall=0.3)
    score = score_of(follow(sure, right))
    newest = float(np.mean(right[-WINDOW:]))
    assert score.answers == WINDOW
    assert score.was == pytest.approx(np.mean(right[-LATE - WINDOW : -LATE]))
    assert score.estimated_then == pytest.approx(score.was, abs=0.05)
    # No label of the last 300 has come, and they are worse: by now that is known, roughly.
    assert newest < float(score.was or 0) - 0.1
    assert score.accuracy == pytest.approx(newest, abs=0.06)


def test_what_labels_mean_may_change_unnoticed_and_the_error_tells_afterwards() -> None:
    sure, right = stream(boast=0.0, fall=0.0)
    turned = right[:3_000] + [not each for each in right[3_000:]]
    score = score_of(follow(sure, turned))
    assert score.was is not None
    assert score.estimated_then is not None
    assert score.estimated_then - score.was > 0.2


def test_it_goes_on_where_it_was_and_forgets_what_is_given_up() -> None:
    sure, right = stream(boast=0.05, fall=0.0)
    whole, parts = follow(sure, right), follow(sure, right, stop=2_345)
    assert_same_state(whole.state_dict(), parts.state_dict())
    whole.give_up(range(4_000))
    whole.hear(3_900, right=True)
    assert whole.state_dict()["waiting"].shape == (0, 2)
    assert score_of(whole) == score_of(parts)
    nothing = EstimatedAccuracy(window=WINDOW)
    nothing.ask(0, None)
    assert nothing.score is None

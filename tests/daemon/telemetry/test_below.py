"""Below a reference is who has been so for long, and not by chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.scoring.lead import Lead
from daemon.telemetry.below import MARGIN, WINDOWS, Below


def window(deviations: float) -> Lead:
    return Lead(rows=1_000, score=0.7, other=0.7 - 0.01 * deviations, deviations=deviations)


BEHIND, AHEAD, UNCLEAR = window(-2 * MARGIN), window(0.0), window(-0.5 * MARGIN)


@given(st.lists(st.sampled_from([BEHIND, AHEAD, UNCLEAR])))
def test_it_changes_its_mind_after_ten_windows_in_a_row_that_say_otherwise(windows: list[Lead]) -> None:
    below, told = Below(), [False]
    for last, lead in enumerate(windows, start=1):
        told.append(below.judge(lead))
        if told[-1] != told[-2]:
            otherwise, same = (BEHIND, AHEAD) if told[-1] else (AHEAD, BEHIND)
            clear = [each for each in windows[:last] if each != UNCLEAR]
            assert clear[-WINDOWS:] == [otherwise] * WINDOWS
            assert same not in clear[-WINDOWS:]


def test_what_is_behind_for_nine_windows_and_ahead_in_one_is_not_below() -> None:
    below = Below()
    assert not any(below.judge(AHEAD if number % WINDOWS == 0 else BEHIND) for number in range(1, 20 * WINDOWS))


def test_one_window_ahead_does_not_take_it_back_and_ten_do() -> None:
    below = Below()
    told = [below.judge(lead) for lead in [BEHIND] * WINDOWS + [AHEAD, UNCLEAR, BEHIND] + [AHEAD] * WINDOWS]
    assert told == [False] * (WINDOWS - 1) + [True] * (3 + WINDOWS) + [False]


@pytest.mark.parametrize("seed", range(20))
def test_two_that_are_equally_good_are_never_told_apart(seed: int) -> None:
    """Neighbouring rows alike: the standard error is about twice what it is taken for."""
    draw, below = np.random.default_rng(seed), Below()
    for _ in range(300):
        once = (draw.random((2, 250)) < 0.3).astype(float).repeat(4, axis=1)
        lead = Lead.of(*once, scale=1_000)
        assert lead is not None
        assert not below.judge(lead)


def test_one_that_is_three_points_worse_is_found() -> None:
    draw, below = np.random.default_rng(1), Below()
    told = []
    for _ in range(30):
        right, worse = (draw.random(1_000) < 0.3).astype(float), (draw.random(1_000) < 0.36).astype(float)
        lead = Lead.of(worse, right, scale=1_000)
        assert lead is not None
        told.append(below.judge(lead))
    assert told[-1]

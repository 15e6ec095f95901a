"""An event is odd where few of its key's newest were as far from what was predicted; odd ones in a row are one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from daemon.scoring.anomalies import Anomalies, AnomalyCounts
from daemon.scoring.anomaly_options import AnomaliesSection
from tests.daemon.same_state import assert_same_state


def watch(**options: int) -> Anomalies:
    return Anomalies(AnomaliesSection(**options))


@settings(max_examples=25)
@given(residuals=st.lists(st.integers(0, 40), min_size=1, max_size=300), stop=st.integers(0, 300))
def test_the_score_is_the_rank_among_the_newest_and_goes_on_where_it_was(residuals: list[int], stop: int) -> None:
    anomalies, again = watch(one_in=20, window=100), watch(one_in=20, window=100)
    for place, residual in enumerate(residuals):
        if place == stop:
            again.load_state_dict(anomalies.state_dict())
        newest = residuals[max(0, place - 100) : place]
        share = (1 + sum(each >= residual for each in newest)) / (1 + len(newest))
        told = anomalies.look(7, expected=1.0, found=1.0 - residual)
        assert told is not None
        assert told.score == 1 - share
        assert told.odd == (share <= 1 / 20)
        if place >= stop:
            assert again.look(7, expected=1.0, found=1.0 - residual) == told
    if stop < len(residuals):
        assert_same_state(anomalies.state_dict(), again.state_dict())


def test_at_most_one_in_so_many_is_odd_while_nothing_changes() -> None:
    chance, anomalies = np.random.default_rng(0), watch(one_in=200, window=2_000)
    for found in chance.standard_cauchy(40_000).tolist():
        anomalies.look(0, expected=0.0, found=found)
    # 200 are to be expected; they are within four standard deviations.
    assert 140 < anomalies.counts.odd < 260
    assert anomalies.counts.scored == 40_000


def test_odd_ones_in_a_row_are_one_anomaly_and_each_key_has_its_own() -> None:
    anomalies = watch(one_in=50, window=100, quiet=3)
    for number in range(100):
        for key, size in ((1, 1.0), (2, 1_000.0)):
            anomalies.look(key, expected=0.0, found=size * (number % 9))
    told = [anomalies.look(1, expected=0.0, found=found) for found in (100.0, 1.0, 200.0, 1.0, 1.0, 1.0, 300.0)]
    assert [(each.odd, each.new) for each in told if each is not None] == [
        (True, True), (False, False), (True, False), (False, False), (False, False), (False, False), (True, True)
    ]  # fmt: skip
    usual = anomalies.look(2, expected=0.0, found=300.0)
    assert usual is not None
    assert not usual.odd
    assert anomalies.counts == AnomalyCounts(scored=208, odd=3, anomalies=2)


def test_the_key_unseen_for_longest_is_forgotten_and_nothing_is_said_of_what_was_not_predicted() -> None:
    anomalies = watch(one_in=20, window=100, max_keys=2)
    for key in (1, 2, 1, 3):
        anomalies.look(key, expected=0.0, found=1.0)
    assert anomalies.state_dict()["keys"].tolist() == [1, 3]
    assert anomalies.look(1, expected=float("nan"), found=1.0) is None
    assert anomalies.counts.scored == 4
    empty = watch()
    empty.load_state_dict(watch().state_dict())
    assert empty.counts.scored == 0


def test_a_window_in_which_none_could_be_odd_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"give anomalies\.window at least 999"):
        AnomaliesSection(one_in=1_000, window=500)

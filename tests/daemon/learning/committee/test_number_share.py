"""The mixture of numbers is never much worse than its best expert, whichever that is at the time."""

from __future__ import annotations

import numpy as np

from daemon.learning.committee.number_pools import NumberPools
from daemon.learning.committee.number_share import NumberShare


def test_after_each_switch_it_soon_follows_the_better_expert() -> None:
    chance = np.random.default_rng(0)
    share, errors, best = NumberShare(3), [], []
    for block in range(400):
        truth = chance.normal(size=16)
        wrong = chance.normal(size=(3, 16)) * 2
        wrong[block // 100 % 3] *= 0.1
        experts = truth + wrong
        judged = np.ones(16, dtype=bool)
        errors.append(np.square(share.mixed(experts, truth, judged=judged) - truth).mean())
        best.append(np.square(wrong[block // 100 % 3]).mean())
        share.learn(experts, truth, judged=judged)
    settled = [block for block in range(400) if block % 100 >= 10]
    assert np.mean(np.array(errors)[settled]) < 1.5 * np.mean(np.array(best)[settled])


def test_a_row_that_is_not_judged_moves_no_weight() -> None:
    share = NumberShare(2)
    share.learn(np.array([[0.0] * 3, [30.0] * 3]), np.zeros(3), judged=np.zeros(3, dtype=bool))
    assert share.weights.tolist() == [0.5, 0.5]


def test_pools_find_the_sum_that_no_member_is() -> None:
    chance, pools = np.random.default_rng(0), NumberPools(2)
    for _ in range(200):
        offsets = chance.normal(size=(2, 16))
        truth = np.array([0.5, -1.0]) @ offsets
        error = np.abs(pools.predict(offsets) - truth).max()
        pools.learn(offsets, truth)
    assert error < 0.05

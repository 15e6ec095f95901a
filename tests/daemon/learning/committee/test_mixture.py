from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.learning.committee.mixture import FixedShare

SHARE = 0.01


def mixture_loss(likelihoods: np.ndarray, *, size: int) -> float:
    """The log loss of the mixture over events ``(experts, events)`` in blocks of a size."""
    mixture, loss = FixedShare(len(likelihoods), share=SHARE), 0.0
    for start in range(0, likelihoods.shape[1], size):
        block = likelihoods[:, start : start + size]
        weights = mixture.within(-np.log(block))
        loss -= float(np.log((weights * block).sum(axis=0)).sum())
        mixture.learn(-np.log(block))
    return loss


@given(seed=st.integers(0, 1_000), change=st.integers(20, 180), size=st.sampled_from([1, 4, 32]))
def test_it_is_not_much_worse_than_the_best_expert_before_a_change_and_the_best_one_after_it(
    seed: int, change: int, size: int
) -> None:
    likelihoods = np.random.default_rng(seed).uniform(0.02, 1, size=(4, 200))
    losses = -np.log(likelihoods)
    best = losses[:, :change].sum(axis=1).min() + losses[:, change:].sum(axis=1).min()
    bound = 2 * np.log(4) + np.log(4 / SHARE) + 200 * -np.log(1 - SHARE)
    # Within a block no share is dealt out: the change may lie in the middle of one.
    assert mixture_loss(likelihoods, size=size) <= best + bound + size * np.log(50)


def test_the_weights_before_a_row_know_nothing_of_it() -> None:
    mixture = FixedShare(2)
    first = mixture.within(np.array([[0.1, 0.1], [3.0, 3.0]]))
    other = mixture.within(np.array([[0.1, 9.0], [3.0, 0.0]]))
    assert first.tobytes() == other.tobytes()


def test_a_state_of_other_experts_is_refused() -> None:
    with pytest.raises(ValueError, match="3 experts, there are 2"):
        FixedShare(2).load_state_dict(FixedShare(3).state_dict())

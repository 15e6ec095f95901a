"""Any two strategies learn together: what one does, the other neither forbids nor loses over a restart."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pytest
import torch

from strategies import STRATEGIES
from tests.strategies.test_contract import assert_same, teach

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.batch import Batch
    from strategies.learner import Learner

PAIRS = list(combinations(STRATEGIES, 2))


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_learn_together_and_go_on_bit_for_bit_after_a_restart(
    one: str, other: str, learner_with: Callable[..., Learner], batch_of: Callable[..., Batch]
) -> None:
    batches = [batch_of(seed) for seed in range(16)]
    straight = learner_with({one: {}, other: {}}, averaging=0.9)
    teach(straight, batches[:8])
    resumed = learner_with({one: {}, other: {}}, averaging=0.9, seed=99)
    resumed.load_state_dict(straight.state_dict())
    teach(straight, batches[8:])
    teach(resumed, batches[8:])
    assert_same(straight.state_dict(), resumed.state_dict())
    assert straight.rejected_steps == 0


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_each_of_two_has_its_say(
    one: str, other: str, learner_with: Callable[..., Learner], batch_of: Callable[..., Batch]
) -> None:
    """Taking either away leads to another model."""
    batches = [batch_of(seed) for seed in range(16)]
    ends = []
    for names in ((one, other), (one,), (other,)):
        learner = learner_with({name: {} for name in names})
        teach(learner, batches)
        ends.append(learner.parameters.clone())
    both, first, second = ends
    assert not torch.equal(both, first)
    assert not torch.equal(both, second)

"""Every strategy of the table keeps the contract; a new one is tested before anyone writes a test for it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from strategies import STRATEGIES

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.batch import Batch
    from strategies.learner import Learner

HELD_FROM_THE_START = {"l2sp"}
CASES: dict[str, dict[str, dict[str, Any]]] = {name: {name: {}} for name in STRATEGIES} | {
    "ewc, kronecker": {"ewc": {"curvature": "kronecker"}},
}

pytestmark = [
    pytest.mark.parametrize("case", sorted(CASES)),
    pytest.mark.parametrize("regression", [False, True], ids=["classes", "number"]),
]


def teach(learner: Learner, batches: list[Batch], *, boundary_every: int = 5) -> None:
    for number, batch in enumerate(batches):
        learner.absorb(batch.x)
        learner.objective.absorb(batch.y)
        learner.learn(batch)
        if number % boundary_every == boundary_every - 1:
            learner.consolidate(0)


def leaves(state: Any, path: str = "") -> dict[str, Any]:
    if isinstance(state, dict):
        return {name: leaf for key, value in state.items() for name, leaf in leaves(value, f"{path}.{key}").items()}
    return {path: state}


def assert_same(first: dict[str, Any], second: dict[str, Any]) -> None:
    one, other = leaves(first), leaves(second)
    assert one.keys() == other.keys()
    for path, value in one.items():
        if isinstance(value, torch.Tensor | np.ndarray):
            assert torch.equal(torch.as_tensor(value), torch.as_tensor(other[path])), path
        else:
            assert value == other[path], path


def test_a_restored_learner_goes_on_bit_for_bit(
    case: str, *, regression: bool, learner_with: Callable[..., Learner], batch_of: Callable[..., Batch]
) -> None:
    batches = [batch_of(seed, regression=regression) for seed in range(24)]
    straight = learner_with(CASES[case], regression=regression)
    teach(straight, batches[:12])
    resumed = learner_with(CASES[case], regression=regression, seed=99)
    resumed.load_state_dict(straight.state_dict())
    teach(straight, batches[12:])
    teach(resumed, batches[12:])
    assert_same(straight.state_dict(), resumed.state_dict())


def test_a_step_that_is_not_finite_changes_nothing_learned(
    case: str, *, regression: bool, learner_with: Callable[..., Learner], batch_of: Callable[..., Batch]
) -> None:
    learner = learner_with(CASES[case], regression=regression, scale=False)
    teach(learner, [batch_of(seed, regression=regression) for seed in range(6)])
    # Generators that drew for the step have moved on; everything else stays.
    before = {
        path: deepcopy(leaf) for path, leaf in leaves(learner.state_dict()).items() if "generator" not in path
    }
    poison = batch_of(7, regression=regression)
    poison.x[3, 2] = 3e38
    poison.x[4, 2] = -3e38
    step = learner.learn(poison)
    assert not step.accepted
    after = leaves(learner.state_dict())
    assert after[".rejected_steps"] == before.pop(".rejected_steps") + 1
    assert_same(before, {path: after[path] for path in before})


def test_an_anchor_penalises_after_a_consolidation_and_not_before(
    case: str, *, regression: bool, learner_with: Callable[..., Learner], batch_of: Callable[..., Batch]
) -> None:
    learner = learner_with(CASES[case], regression=regression)
    strategy = learner.strategies[0][1]
    batches = [batch_of(seed, regression=regression) for seed in range(12)]
    teach(learner, batches[:4], boundary_every=99)
    if case not in HELD_FROM_THE_START:
        assert not strategy.penalty(learner.parameters)
    learner.consolidate(0)
    teach(learner, batches[4:], boundary_every=99)
    penalty = strategy.penalty(learner.parameters)
    if penalty is None:
        pytest.skip(f"{case} has no anchor")
    assert penalty > 0


def test_memory_does_not_grow_with_the_stream(
    case: str, *, regression: bool, learner_with: Callable[..., Learner], batch_of: Callable[..., Batch]
) -> None:
    learner = learner_with(CASES[case], regression=regression)

    def size() -> int:
        columns = leaves(learner.state_dict()).values()
        return sum(torch.as_tensor(c).nbytes for c in columns if isinstance(c, torch.Tensor | np.ndarray))

    batches = [batch_of(seed, rows=256, regression=regression) for seed in range(10)]
    teach(learner, batches)
    full = size()
    teach(learner, batches)
    assert size() == full


def test_options_refuse_what_they_do_not_know(case: str, *, regression: bool) -> None:
    assert isinstance(regression, bool)
    (name,) = CASES[case]
    with pytest.raises(ValueError, match="Extra inputs"):
        STRATEGIES[name].Options(type=name, no_such_option=1)

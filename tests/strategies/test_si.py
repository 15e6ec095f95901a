"""The path integral is that of the paper, and importance what it makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch.nn import functional as F

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.learner import Learner

    MakeLearner = Callable[..., Learner]
    MakeBatch = Callable[..., Any]

DAMPING = 0.05


def loss_gradient(learner: Learner, batch: Any) -> torch.Tensor:
    """The gradient of the mean loss at the learner's parameters, by autograd."""
    loss = F.cross_entropy(learner.network.module(learner.scale(batch.x)), batch.y)
    wanted = list(learner.network.module.parameters())
    return torch.cat([part.reshape(-1) for part in torch.autograd.grad(loss, wanted)])


def follow(learner: Learner, batch_of: MakeBatch, seeds: range) -> tuple[torch.Tensor, torch.Tensor]:
    """Teach batches; return the path integral and the way, computed beside the method."""
    start, path = learner.parameters.clone(), torch.zeros_like(learner.parameters)
    for seed in seeds:
        batch = batch_of(seed)
        learner.absorb(batch.x)
        gradient, before = loss_gradient(learner, batch), learner.parameters.clone()
        learner.learn(batch)
        path -= gradient * (learner.parameters - before)
    return path, learner.parameters - start


def state_of(learner: Learner) -> dict[str, Any]:
    return dict(learner.strategies)["si"].state_dict()


@pytest.mark.parametrize("optimizer", [{"type": "sgd", "lr": 0.2}, {"type": "adam", "lr": 0.01}])
def test_importance_is_the_path_over_the_squared_way(
    optimizer: dict[str, Any], learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    learner = learner_with({"si": {"damping": DAMPING, "decay": 0.7, "strength": 20.0}}, optimizer=optimizer)
    expected = torch.zeros_like(learner.parameters)
    for task in range(2):  # in the second, the anchor pulls
        path, way = follow(learner, batch_of, range(10 * task, 10 * task + 10))
        torch.testing.assert_close(state_of(learner)["path"], path, rtol=1e-4, atol=1e-7)
        learner.consolidate(task)
        expected = 0.7 * expected + path.clamp(min=0) / (way**2 + DAMPING)
        torch.testing.assert_close(state_of(learner)["importance"], expected, rtol=1e-3, atol=1e-6)
        assert not state_of(learner)["path"].any()
    assert expected.max() > 0.01


def test_the_path_of_small_steps_sums_up_to_the_fall_of_the_loss(
    learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    learner, batch = learner_with({"si": {}}, optimizer={"type": "sgd", "lr": 0.01}), batch_of(0, rows=64)

    def loss() -> float:
        return F.cross_entropy(learner.network.module(learner.scale(batch.x)), batch.y).item()

    before = loss()
    for _ in range(100):
        learner.learn(batch)
    assert float(state_of(learner)["path"].sum()) == pytest.approx(before - loss(), rel=0.02)
    assert before - loss() > 0.03


def test_steps_on_rows_seen_before_count(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner, batch = learner_with({"si": {}}), batch_of(0)
    learner.learn(batch)
    once = state_of(learner)["path"].sum()
    learner.learn(batch, again=True)
    assert state_of(learner)["path"].sum() > once


def test_the_gradient_is_left_as_it_is(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    watched, free = learner_with({"si": {}}), learner_with({})
    for seed in range(5):
        for learner in (watched, free):
            learner.learn(batch_of(seed))
    assert torch.equal(watched.parameters, free.parameters)


def test_a_path_that_is_not_finite_is_dropped_and_counted(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner = learner_with({"si": {}})
    method = dict(learner.strategies)["si"]
    learner.learn(batch_of(0))
    state = method.state_dict()
    method.load_state_dict(state | {"path": torch.full_like(state["path"], torch.inf)})
    learner.consolidate(0)
    assert method.gauges() == {"anchor_active": 0, "consolidations": 0, "consolidations_rejected": 1}
    learner.learn(batch_of(1))
    learner.consolidate(0)
    assert method.gauges()["consolidations"] == 1

"""Importance is the mean size of the gradients of the outputs' squared norm, as a loop over rows finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

from strategies.mas import output_sensitivity
from strategies.network import Network, network_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.learner import Learner

    MakeLearner = Callable[..., Learner]
    MakeBatch = Callable[..., Any]


class Norm(nn.Module):
    """Nothing that has a closed form."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(6, 5)
        self.norm = nn.LayerNorm(5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.inner(x))


MODULES: dict[str, tuple[int, Callable[[], nn.Module]]] = {
    "relu chain": (6, lambda: nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))),
    "tanh chain": (6, lambda: nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3, bias=False))),
    "positions": (12, lambda: nn.Sequential(nn.Unflatten(1, (4, 3)), nn.Linear(3, 2), nn.Tanh(), nn.Flatten())),
    "convolution": (
        60,
        lambda: nn.Sequential(
            nn.Unflatten(1, (2, 6, 5)), nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(120, 3)
        ),
    ),
    "a module": (6, Norm),
}


def by_loop(network: Network, x: torch.Tensor) -> torch.Tensor:
    total = torch.zeros_like(network.parameters)
    for row in x:
        gradients = torch.autograd.grad(
            network.module(row.unsqueeze(0)).square().sum(), list(network.module.parameters())
        )
        total += torch.cat([gradient.reshape(-1) for gradient in gradients]).abs()
    return total / len(x)


@pytest.mark.parametrize("case", MODULES)
def test_sensitivity_equals_a_loop_over_rows(case: str) -> None:
    features, make = MODULES[case]
    torch.manual_seed(0)
    network, x = network_of(make()), torch.randn(11, features)
    found = output_sensitivity(network, x=x, task=torch.zeros(11, dtype=torch.int64))
    torch.testing.assert_close(found, by_loop(network, x), rtol=1e-4, atol=1e-6)
    assert found.max() > 0.01


def test_importance_decays_and_adds_up_and_needs_no_label(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner = learner_with({"mas": {"decay": 0.7, "sample_rows": 100}}, scale=False)
    expected = torch.zeros_like(learner.parameters)
    for task in range(2):
        batches = [batch_of(seed) for seed in range(5 * task, 5 * task + 5)]
        for batch in batches:
            learner.learn(batch)
        learner.consolidate(task)
        expected = 0.7 * expected + by_loop(learner.network, torch.cat([batch.x for batch in batches]))
    state = dict(learner.strategies)["mas"].state_dict()
    torch.testing.assert_close(state["importance"], expected, rtol=1e-4, atol=1e-6)
    assert torch.equal(state["anchor"], learner.parameters)


def test_importance_is_estimated_on_a_bounded_sample_of_the_running_task(
    learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    learner = learner_with({"mas": {"sample_rows": 20}})
    for seed in range(10):
        learner.learn(batch_of(seed))
    sample = dict(learner.strategies)["mas"].state_dict()["sample"]["storage"]
    assert len(sample["y"]) == 20
    learner.consolidate(0)
    learner.learn(batch_of(11, task=1))
    sample = dict(learner.strategies)["mas"].state_dict()["sample"]["storage"]
    assert sample["task"].tolist() == [1] * 8

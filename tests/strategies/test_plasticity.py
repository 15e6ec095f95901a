"""Silent units are found, and measuring leaves no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

from strategies.network import network_of
from strategies.plasticity import Plasticity, effective_rank

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.learner import Learner

    MakeLearner = Callable[..., Learner]
    MakeBatch = Callable[..., Any]


def test_a_unit_that_never_fires_is_dormant_and_takes_its_rank_with_it() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 4))
    network, x, task = network_of(module), torch.randn(50, 6), torch.zeros(50, dtype=torch.int64)
    before = Plasticity.of(network, x, task)
    assert before is not None
    assert before.dormant == {"2": 0.0}
    network.views(network.parameters)["0.weight"][:4] = 0.0
    network.views(network.parameters)["0.bias"][:4] = -1.0
    after = Plasticity.of(network, x, task)
    assert after is not None
    assert after.dormant == {"2": 0.5}
    assert before.effective_rank is not None
    assert after.effective_rank is not None
    assert after.effective_rank <= 4 < before.effective_rank <= 8
    views = network.views(network.parameters)
    norm = views["2.weight"].square().sum() + views["2.bias"].square().sum()
    assert after.weight_norm["2"] == pytest.approx(float(norm**0.5))
    network.views(network.gradient)["2.bias"][:] = 3.0
    measured = Plasticity.of(network, x, task)
    assert measured is not None
    assert measured.gradient_norm == {"0": 0.0, "2": pytest.approx(6.0)}


def test_without_a_hidden_layer_there_are_no_units_and_no_features(learner_with: MakeLearner) -> None:
    learner = learner_with(model={"type": "linear"})
    measured = Plasticity.of(learner.network, torch.randn(5, 6), torch.zeros(5, dtype=torch.int64))
    assert measured is not None
    assert (measured.dormant, measured.effective_rank) == ({}, None)
    assert len(measured.weight_norm) == 1


def test_layers_that_cannot_be_traced_are_not_measured() -> None:
    network = network_of(nn.Sequential(nn.Linear(6, 5), nn.LayerNorm(5), nn.Linear(5, 3)))
    assert Plasticity.of(network, torch.randn(5, 6), torch.zeros(5, dtype=torch.int64)) is None


def test_features_of_nothing_have_no_rank() -> None:
    assert effective_rank(torch.zeros(5, 3)) == 0.0


def test_measuring_does_not_change_what_is_learned(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    measured, other = learner_with(), learner_with()
    for seed in range(4):
        for learner in (measured, other):
            learner.learn(batch_of(seed))
        Plasticity.of(measured.network, measured.scale(batch_of(9).x), batch_of(9).task)
    assert torch.equal(measured.parameters, other.parameters)

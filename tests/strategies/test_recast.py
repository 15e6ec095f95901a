"""Where scales move, nothing that is said changes: not by the model, and not by what remembers parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn

from strategies.batch import Batch
from strategies.end_layers import first_layers, last_layers
from strategies.network import network_of
from strategies.recast import carries_inputs, carries_outputs
from tests.strategies.conftest import FEATURES

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from strategies.learner import Learner

    Maker = Callable[..., Learner]

POINTS = ("anchor", "teacher", "stable", "plastic", "start")
"""Under which names methods keep parameters in their state."""
METHODS: dict[str, dict[str, dict[str, Any]]] = {
    "ewc": {"ewc": {}},
    "kronecker": {"ewc": {"curvature": "kronecker"}},
    "si": {"si": {}},
    "mas": {"mas": {}},
    "lwf": {"lwf": {}},
    "l2sp": {"l2sp": {}},
    "cls_er": {"cls_er": {}},
}


def learn(learner: Learner, *, rows: int, shift: float, seed: int) -> None:
    """Learn rows whose inputs and targets are shifted by so many deviations; scales do not follow."""
    chance = np.random.default_rng(seed)
    inputs = chance.normal(size=(rows, FEATURES))
    value = inputs[:, 0] * inputs[:, 1] + inputs[:, 2]
    if learner.objective.classification:
        y = torch.from_numpy((value > 0).astype(np.int64))
    else:
        y = torch.from_numpy((500 + 20 * (value + shift)).astype(np.float32))
    x = torch.from_numpy((inputs * (1 + shift) + shift).astype(np.float32))
    for start in range(0, rows, 32):
        some = slice(start, start + 32)
        provenance = torch.zeros(len(x[some]), 4, dtype=torch.int64)
        learner.absorb(x[some])
        learner.objective.absorb(y[some])
        learner.learn(Batch(x[some], y[some], torch.zeros(len(x[some]), dtype=torch.int64), provenance=provenance))


def said(learner: Learner) -> Tensor:
    x = torch.from_numpy(np.random.default_rng(9).normal(1, 2, (300, FEATURES)).astype(np.float32))
    answer = learner.objective.answer(learner.predict(x, torch.zeros(300, dtype=torch.int64)))
    return answer.value if answer.logits is None else answer.logits


def by_what_is_remembered(learner: Learner) -> dict[str, Tensor]:
    """Return what the model would say with each parameter vector that a method remembers."""
    said_by = {}
    for _, strategy in learner.strategies:
        for name, vector in strategy.state_dict().items():
            if name in POINTS and len(vector):
                with learner.at(vector):
                    said_by[name] = said(learner)
    return said_by


@pytest.mark.parametrize("regression", [False, True], ids=["classes", "numbers"])
@pytest.mark.parametrize("adapter", ["plain", "heads", "progressive"])
@pytest.mark.parametrize("method", METHODS)
def test_what_is_said_does_not_change_where_scales_move(
    learner_with: Maker, method: str, adapter: str, *, regression: bool
) -> None:
    if method == "kronecker" and adapter == "progressive":
        pytest.skip("kronecker curvature wants every layer once")
    if regression and adapter == "progressive":
        pytest.skip("several columns add up to the outputs: their scale settles, and then stays")
    adapters: dict[str, dict[str, Any]] = {} if adapter == "plain" else {adapter: {}}
    learner = learner_with(METHODS[method], adapters=adapters, regression=regression, optimizer={"type": "adam"})
    learn(learner, rows=1_024, shift=0.0, seed=0)
    learner.consolidate(0)
    learn(learner, rows=512, shift=1.5, seed=1)
    before, remembered = said(learner), by_what_is_remembered(learner)
    recast = learner.follow_scales()
    assert recast is not None
    assert recast.inputs is not None
    assert float((recast.inputs.factor - 1).abs().max()) > 0.1
    assert (recast.outputs is not None) == regression
    torch.testing.assert_close(said(learner), before, rtol=1e-3, atol=1e-4)
    assert remembered
    for name, after in by_what_is_remembered(learner).items():
        torch.testing.assert_close(after, remembered[name], rtol=1e-3, atol=1e-4, msg=name)


def test_a_kronecker_penalty_is_what_it_was(learner_with: Maker) -> None:
    learner = learner_with(METHODS["kronecker"], regression=True)
    learn(learner, rows=1_024, shift=0.0, seed=0)
    learner.consolidate(0)
    learn(learner, rows=512, shift=1.5, seed=1)
    ((_, ewc),) = learner.strategies
    before = ewc.penalty(learner.parameters)
    assert learner.follow_scales() is not None
    assert ewc.penalty(learner.parameters) == pytest.approx(before, rel=1e-3)


def test_the_average_that_predicts_moves_too(learner_with: Maker) -> None:
    learner = learner_with(averaging=0.99)
    learn(learner, rows=1_536, shift=1.0, seed=0)
    before = said(learner)
    assert learner.follow_scales() is not None
    torch.testing.assert_close(said(learner), before, rtol=1e-3, atol=1e-4)


def test_a_first_layer_that_is_frozen_is_moved_in_the_model(learner_with: Maker) -> None:
    learner = learner_with(adapters={"freeze": {"layers": ["0"]}})
    learn(learner, rows=1_024, shift=0.0, seed=0)
    learn(learner, rows=512, shift=1.5, seed=1)
    before = said(learner)
    assert learner.follow_scales() is not None
    torch.testing.assert_close(said(learner), before, rtol=1e-3, atol=1e-4)


def test_where_nobody_can_move_with_it_the_scale_stays(learner_with: Maker) -> None:
    learner = learner_with(adapters={"lora": {}})
    assert not carries_inputs(learner.network)
    for block in range(20):
        learn(learner, rows=256, shift=0.0, seed=block)
        learner.follow_scales()
    before = learner.scale(torch.ones(1, FEATURES))
    for block in range(20):
        learn(learner, rows=256, shift=1.5, seed=block)
        learner.follow_scales()
    assert torch.equal(learner.scale(torch.ones(1, FEATURES)), before)


class Own(nn.Module):
    """A model of a user's own."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(FEATURES, 2)

    def forward(self, x: Tensor) -> Tensor:
        answer: Tensor = self.layer(x.square())
        return answer


@pytest.mark.parametrize(
    "module",
    [
        Own(),
        nn.Sequential(nn.Unflatten(1, (1, FEATURES)), nn.Conv1d(1, 2, 3), nn.Flatten(), nn.Linear(4, 2)),
        nn.Sequential(nn.LayerNorm(FEATURES), nn.Linear(FEATURES, 2)),
        nn.Sequential(nn.Linear(FEATURES, 2, bias=False)),
    ],
)
def test_a_model_whose_first_layer_is_no_plain_one_is_not_carried(module: nn.Module) -> None:
    assert not carries_inputs(network_of(module))


def test_a_layer_that_works_twice_is_not_carried() -> None:
    twice = nn.Linear(FEATURES, FEATURES)
    chain = nn.Sequential(twice, nn.ReLU(), twice)
    assert first_layers(chain) is last_layers(chain) is None


def test_a_chain_in_a_chain_is_carried() -> None:
    inner = nn.Sequential(nn.Flatten(), nn.Linear(FEATURES, 5), nn.ReLU())
    network = network_of(nn.Sequential(inner, nn.Linear(5, 2)))
    assert first_layers(network.module) == ["0.1"]
    assert carries_inputs(network)
    assert carries_outputs(network)

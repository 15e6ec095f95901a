"""Frozen layers do not learn, whatever moves the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

from strategies.network import network_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.batch import Batch
    from strategies.learner import Learner

    Plain = Callable[..., tuple[nn.Module, torch.Tensor]]
    Adapted = Callable[..., nn.Module]


@pytest.mark.parametrize(
    ("layers", "learns"),
    [
        (["0"], ["2.weight", "2.bias", "4.weight", "4.bias"]),
        (["[02]"], ["4.weight", "4.bias"]),
        (["*.bias"], ["0.weight", "2.weight", "4.weight"]),
        (["0.weight", "2.*"], ["0.bias", "4.weight", "4.bias"]),
    ],
)
def test_names_say_what_learns(layers: list[str], learns: list[str], plain: Plain, adapted: Adapted) -> None:
    network = network_of(adapted(plain("mlp")[0], "freeze", layers=layers))
    assert list(network.views(network.parameters)) == learns


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (["first"], "nothing in the model is called first; it has 0.weight, 0.bias"),
        (["0", "1"], "nothing in the model is called 1"),
        (["*"], "nothing is left to learn"),
    ],
)
def test_nonsense_is_refused(layers: list[str], words: str, plain: Plain, adapted: Adapted) -> None:
    with pytest.raises(ValueError, match=words):
        adapted(plain("mlp")[0], "freeze", layers=layers)


@pytest.mark.parametrize("optimizer", [{"type": "adam", "weight_decay": 0.1}, {"type": "sgd", "momentum": 0.9}])
def test_what_is_frozen_never_moves_by_a_bit(
    optimizer: dict[str, Any], learner_with: Callable[..., Learner], batch_of: Callable[..., Batch]
) -> None:
    learner = learner_with({"replay": {}, "ewc": {}}, adapters={"freeze": {"layers": ["0"]}}, optimizer=optimizer)
    before = {name: tensor.clone() for name, tensor in learner.network.module.named_parameters()}
    for number in range(6):
        learner.learn(batch_of(number))
        learner.consolidate(0)
    moved = [n for n, tensor in learner.network.module.named_parameters() if not torch.equal(tensor, before[n])]
    assert moved == ["2.weight", "2.bias", "4.weight", "4.bias"]


def test_a_frozen_normalisation_keeps_its_running_means(adapted: Adapted) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Linear(5, 4), nn.BatchNorm1d(4))
    network = network_of(adapted(module, "freeze", layers=["1"]))
    network.forward(torch.randn(8, 6) + 3)
    buffers = dict(module.named_buffers())
    assert not buffers["1.running_mean"].any()
    assert buffers["3.running_mean"].any()

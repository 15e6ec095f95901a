"""Progressive networks: a column hears the earlier ones, which never change again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from strategies.adapters.progressive import Progressive
from strategies.network import network_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.batch import Batch
    from strategies.learner import Learner

    Plain = Callable[..., tuple[nn.Module, torch.Tensor]]
    Adapted = Callable[..., nn.Module]


def task(number: int, rows: int = 6) -> torch.Tensor:
    return torch.full((rows,), number)


def column_of(learner: Learner, number: int) -> dict[str, torch.Tensor]:
    named = learner.network.module.named_parameters()
    return {n: p.detach().clone() for n, p in named if n.startswith((f"columns.{number}.", f"laterals.{number}."))}


@pytest.mark.parametrize("model", ["linear", "mlp", "cnn"])
def test_the_first_column_is_the_model(model: str, plain: Plain, adapted: Adapted) -> None:
    module, x = plain(model)
    before = module(x)
    network = network_of(adapted(module, "progressive"))
    for number in (0, 1, -1):
        assert torch.equal(network.predict(x, task(number)), before)


def test_a_later_column_is_equation_1_and_so_is_its_gradient(plain: Plain, adapted: Adapted) -> None:
    """h_i^k = f(W_i^k h_{i-1}^k + Σ_{j<k} U_i^{k:j} h_{i-1}^j), with the columns j<k constant."""
    module, x = plain("mlp")
    network = network_of(adapted(module, "progressive", max_columns=3))
    network.forward(x, task(2))
    t = {name: tensor.clone().requires_grad_() for name, tensor in network.views(network.parameters).items()}
    hidden: list[list[torch.Tensor]] = []
    for k in range(3):
        own = [x]
        for i, layer in enumerate((0, 2, 4)):
            total = own[-1] @ t[f"columns.{k}.{layer}.weight"].t() + t[f"columns.{k}.{layer}.bias"]
            for j in range(k if i else 0):
                width = hidden[j][i].shape[1]
                lateral = t[f"laterals.{k}.{i - 1}.weight"][:, j * width : (j + 1) * width]
                total = total + hidden[j][i].detach() @ lateral.t()
            own.append(total if layer == 4 else torch.relu(total))
        hidden.append(own)
    y = torch.arange(len(x)) % 4
    F.cross_entropy(hidden[2][-1], y).backward()  # type: ignore[no-untyped-call] # torch leaves it untyped
    outputs = network.forward(x, task(2))
    torch.testing.assert_close(outputs, hidden[2][-1].detach())
    network.backward((torch.softmax(outputs, 1) - F.one_hot(y, 4)) / len(x))
    for name, gradient in network.views(network.gradient).items():
        expected = t[name].grad
        torch.testing.assert_close(gradient, torch.zeros_like(gradient) if expected is None else expected)
    assert network.views(network.gradient)["laterals.2.0.weight"].any()


@pytest.mark.parametrize(
    "optimizer",
    [{"type": "adam", "lr": 0.05, "weight_decay": 0.1}, {"type": "sgd", "lr": 0.1, "momentum": 0.9}],
    ids=["adam", "momentum"],
)
@pytest.mark.parametrize(
    "model", [{"type": "mlp", "hidden": [7, 5]}, {"type": "cnn", "shape": [1, 2, 3], "channels": [3]}]
)
def test_earlier_columns_never_move_by_a_bit(
    model: dict[str, Any],
    optimizer: dict[str, Any],
    learner_with: Callable[..., Learner],
    batch_of: Callable[..., Batch],
) -> None:
    """Moments and decay would move them, an anchor would pull them, and rehearsed rows are of their tasks."""
    strategies: dict[str, Any] = {"replay": {}, "ewc": {"every_events": 24}, "agem": {}}
    adapters = {"progressive": {"max_columns": 3}}
    learner = learner_with(strategies, model=model, optimizer=optimizer, adapters=adapters)
    done: dict[int, dict[str, torch.Tensor]] = {}
    for number in range(15):
        current = number // 5
        learner.learn(batch_of(number, task=current))
        if number % 5 == 4:
            learner.consolidate(current)
            done[current] = column_of(learner, current)
    learner.learn(batch_of(99, task=0))
    for number in (0, 1):
        moved = [n for n, p in column_of(learner, number).items() if not torch.equal(p, done[number][n])]
        assert moved == []
    assert any(not torch.equal(p, done[2][n]) for n, p in column_of(learner, 2).items())


def test_an_earlier_task_is_answered_as_it_was_when_it_ended(
    learner_with: Callable[..., Learner], batch_of: Callable[..., Batch]
) -> None:
    learner = learner_with(adapters={"progressive": {}}, scale=False, optimizer={"type": "adam", "lr": 0.05})
    x = batch_of(50).x
    for number in range(5):
        learner.learn(batch_of(number))
    before = learner.predict(x, task(0, len(x)))
    for number in range(5):
        learner.learn(batch_of(number, task=1))
    assert torch.equal(learner.predict(x, task(0, len(x))), before)
    assert not torch.equal(learner.predict(x, task(1, len(x))), before)


def test_a_task_that_has_not_been_learned_is_answered_by_the_newest_column(plain: Plain, adapted: Adapted) -> None:
    module, x = plain("mlp")
    network = network_of(adapted(module, "progressive", max_columns=4))
    network.forward(x, task(1))
    assert torch.equal(network.predict(x, task(3)), network.predict(x, task(1)))
    network.forward(x, task(2))
    network.undo()
    assert torch.equal(network.predict(x, task(3)), network.predict(x, task(1)))


def test_all_tasks_after_the_last_column_share_it(plain: Plain, adapted: Adapted) -> None:
    module, x = plain("mlp")
    network = network_of(adapted(module, "progressive", max_columns=2))
    size = len(network.parameters)
    outputs = network.forward(x, task(3))
    network.backward(outputs)
    assert network.views(network.gradient)["columns.1.4.weight"].any()
    assert torch.equal(network.predict(x, task(4)), network.predict(x, task(1)))
    assert len(network.parameters) == size


def test_without_a_task_the_most_certain_column_answers(plain: Plain, adapted: Adapted) -> None:
    module, x = plain("mlp")
    network = network_of(adapted(module, "progressive", max_columns=3))
    network.forward(x, task(1))
    with torch.no_grad():
        dict(network.module.named_parameters())["columns.0.4.weight"].mul_(500)
        dict(network.module.named_parameters())["columns.2.4.weight"].mul_(5000)
    assert torch.equal(network.predict(x), network.predict(x, task(0)))


class Residual(nn.Sequential):
    """Looks like a chain, but its forward pass is its own."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + super().forward(x)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (Residual(nn.Linear(6, 6)), "no plain nn.Sequential"),
        (nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4)), "the model has BatchNorm1d, Linear"),
    ],
)
def test_what_is_no_chain_of_known_layers_is_refused(module: nn.Module, words: str, adapted: Adapted) -> None:
    with pytest.raises(ValueError, match=words):
        adapted(module, "progressive")


def test_columns_make_no_plain_model(plain: Plain, adapted: Adapted) -> None:
    made = adapted(plain("mlp")[0], "progressive")
    with pytest.raises(ValueError, match="make no plain model"):
        Progressive.plain(dict(made.named_parameters()), task=0)

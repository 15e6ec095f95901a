"""A head per task: each row's task picks its own, and only that one learns from it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from strategies.adapters.heads import Heads
from strategies.network import network_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.batch import Batch
    from strategies.learner import Learner

    Plain = Callable[..., tuple[nn.Module, torch.Tensor]]
    Adapted = Callable[..., nn.Module]

TASK = torch.tensor([0, 2, 2, 0, 1, 0])


def shaken(module: nn.Module) -> nn.Module:
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    return module


def of_task(plain: nn.Module, adapted: nn.Module, task: int) -> nn.Module:
    """Return the plain model with the head of one task."""
    module = deepcopy(plain)
    tensors = {**dict(adapted.named_parameters()), **dict(adapted.named_buffers())}
    module.load_state_dict(Heads.plain(tensors, task=task))
    return module


@pytest.mark.parametrize("model", ["linear", "mlp", "cnn"])
def test_every_head_starts_as_the_models_own(model: str, plain: Plain, adapted: Adapted) -> None:
    module, x = plain(model)
    before = module(x)
    network = network_of(adapted(module, "heads"))
    assert torch.equal(network.predict(x, TASK), before)
    assert torch.equal(network.predict(x), before)


@pytest.mark.parametrize("model", ["linear", "mlp", "cnn"])
def test_a_row_is_answered_by_the_head_of_its_task_and_teaches_no_other(
    model: str, plain: Plain, adapted: Adapted
) -> None:
    module, x = plain(model)
    base = deepcopy(module)
    made = shaken(adapted(module, "heads"))
    singles = {task: of_task(base, made, task) for task in (0, 1, 2)}
    written = torch.stack([singles[task](x[row : row + 1])[0] for row, task in enumerate(TASK.tolist())])
    y = torch.arange(len(x)) % 4
    F.cross_entropy(written, y).backward()  # type: ignore[no-untyped-call] # torch leaves it untyped
    network = network_of(made)
    torch.testing.assert_close(network.predict(x, TASK), written.detach())
    outputs = network.forward(x, TASK)
    network.backward((torch.softmax(outputs, 1) - F.one_hot(y, 4)) / len(x))
    for name, gradient in network.views(network.gradient).items():
        if "task_heads" not in name:
            parts = [
                dict(single.named_parameters())[name.removeprefix("body.")].grad for single in singles.values()
            ]
            expected = sum((part for part in parts if part is not None), torch.zeros_like(gradient))
        else:
            task = int(name.split("task_heads.")[1].split(".")[0])
            own = name.removeprefix("body.").replace(f"task_heads.{task}.", "")
            found = dict(singles[task].named_parameters())[own].grad if task in singles else None
            expected = torch.zeros_like(gradient) if found is None else found
        torch.testing.assert_close(gradient, expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    "optimizer",
    [{"type": "adam", "lr": 0.05, "weight_decay": 0.1}, {"type": "sgd", "lr": 0.1, "momentum": 0.9}],
    ids=["adam", "momentum"],
)
@pytest.mark.parametrize("strategies", [{}, {"l2sp": {}, "ewc": {"every_events": 8}}], ids=["bare", "anchored"])
def test_the_head_of_an_absent_task_does_not_move_by_a_bit(
    strategies: dict[str, Any],
    optimizer: dict[str, Any],
    learner_with: Callable[..., Learner],
    batch_of: Callable[..., Batch],
) -> None:
    """Moments and decay would move it, an anchor would pull it."""
    learner = learner_with(strategies, optimizer=optimizer, adapters={"heads": {}})
    for number in range(4):
        learner.learn(batch_of(number, task=number % 2))
    before = heads_of(learner)
    for number in range(3):
        learner.learn(batch_of(10 + number, task=1))
    after = heads_of(learner)
    moved = [task for task in before if not torch.equal(before[task], after[task])]
    assert moved == [1]
    learner.learn(batch_of(20, task=0))
    assert not torch.equal(heads_of(learner)[0], before[0])


def heads_of(learner: Learner) -> dict[int, torch.Tensor]:
    """Return the weights of every task's head."""
    named = learner.network.views(learner.parameters.clone()).items()
    return {
        int(n.split("task_heads.")[1].split(".")[0]): p for n, p in named if n.endswith("weight") and "task" in n
    }


def test_without_a_task_the_most_certain_head_that_has_learned_answers(plain: Plain, adapted: Adapted) -> None:
    module, x = plain("mlp")
    made = adapted(module, "heads")
    heads = made.get_submodule("body.4.task_heads")
    with torch.no_grad():
        heads[1].weight.mul_(5)  # type: ignore[index,operator,union-attr] # a list of linear layers
        heads[2].weight.mul_(500)  # type: ignore[index,operator,union-attr]
    network = network_of(made)
    network.forward(x, torch.tensor([0, 0, 0, 1, 1, 1]))
    of_one = network.predict(x, torch.ones(6, dtype=torch.int64))
    of_nobody = network.predict(x, torch.tensor([-1, -1, -1, -1, -1, 0]))
    assert torch.equal(of_nobody[:5], of_one[:5])
    # Whoever stands beside it: a head that has not learned is nobody's guess.
    beside = network.predict(x, torch.tensor([-1, -1, -1, 2, 2, 2]))
    assert torch.equal(beside[:3], of_one[:3])
    assert torch.equal(beside[3:], network.predict(x, torch.full((6,), 2))[3:])


def test_it_comes_after_lora_where_that_leaves_the_head_alone(plain: Plain, adapted: Adapted) -> None:
    module, x = plain("mlp")
    before = module(x)
    made = adapted(adapted(module, "lora", rank=2), "heads")
    assert torch.equal(network_of(made).predict(x, TASK), before)
    with pytest.raises(ValueError, match=r"set lora\.head: true"):
        adapted(adapted(plain("mlp")[0], "lora", head=False), "heads")


def test_an_export_needs_to_know_whose_head(plain: Plain, adapted: Adapted) -> None:
    made = adapted(plain("mlp")[0], "heads")
    for task in (None, 99):
        with pytest.raises(ValueError, match="say which task"):
            Heads.plain(dict(made.named_parameters()), task=task)


def test_a_model_without_a_linear_layer_is_refused(adapted: Adapted) -> None:
    with pytest.raises(ValueError, match="no linear layer"):
        adapted(nn.Sequential(nn.Flatten(), nn.Conv1d(1, 2, 1)), "heads")

"""Every adapter of the table keeps the contract, with every strategy."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
import torch

from strategies import STRATEGIES, gradient_sizes
from strategies.adapters import ADAPTERS
from strategies.batch import Examples
from strategies.fisher import diagonal_fisher
from strategies.layer_traces import traceable_layers
from strategies.network import network_of
from strategies.objective import Classification

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from strategies.batch import Batch
    from strategies.learner import Learner

CASES: dict[str, dict[str, Any]] = {
    "lora": {"rank": 2},
    "freeze": {"layers": ["0"]},
    "heads": {},
    "progressive": {"max_columns": 3},
}
ADAM = {"type": "adam", "lr": 0.01, "weight_decay": 0.1}


def teach(learner: Learner, batches: list[Batch]) -> None:
    """Teach a new task every fifth batch."""
    for batch in batches:
        if learner.steps and learner.steps % 5 == 0:
            learner.consolidate(int(batch.task[0]) - 1)
        learner.absorb(batch.x)
        learner.learn(batch)


def values(state: Any, path: str = "") -> dict[str, Any]:
    if isinstance(state, dict):
        return {name: value for key in state for name, value in values(state[key], f"{path}.{key}").items()}
    return {path: torch.as_tensor(state) if hasattr(state, "dtype") else state}


def same(one: Any, other: Any) -> bool:
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else bool(one == other)


def test_every_adapter_has_a_case() -> None:
    assert CASES.keys() == ADAPTERS.keys()


@pytest.mark.parametrize("adapter", CASES)
@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_a_restored_learner_goes_on_bit_for_bit_whatever_the_strategy(
    adapter: str,
    strategy: str,
    learner_with: Callable[..., Learner],
    batch_of: Callable[..., Batch],
) -> None:
    made = {"adapters": {adapter: CASES[adapter]}, "optimizer": ADAM}
    batches = [batch_of(seed, task=seed // 5) for seed in range(16)]
    straight, resumed = learner_with({strategy: {}}, **made), learner_with({strategy: {}}, **made, seed=9)
    teach(straight, batches[:11])
    resumed.load_state_dict(deepcopy(straight.state_dict()))
    teach(straight, batches[11:])
    teach(resumed, batches[11:])
    one, other = values(straight.state_dict()), values(resumed.state_dict())
    assert one.keys() == other.keys()
    assert [name for name in one if not same(one[name], other[name])] == []
    assert straight.rejected_steps == 0
    assert bool(torch.isfinite(straight.parameters).all())


@pytest.mark.parametrize("adapter", CASES)
def test_a_step_that_is_not_finite_changes_nothing(
    adapter: str, learner_with: Callable[..., Learner], batch_of: Callable[..., Batch]
) -> None:
    learner = learner_with(adapters={adapter: CASES[adapter]}, optimizer=ADAM, scale=False)
    teach(learner, [batch_of(seed) for seed in range(3)])
    before = deepcopy(values(learner.state_dict()["network"]))
    poison = batch_of(7, task=1)
    poison.x[3, 2], poison.x[4, 2] = 3e38, -3e38
    assert not learner.learn(poison).accepted
    after = values(learner.state_dict()["network"])
    assert [name for name in before if not same(before[name], after[name])] == []


@pytest.mark.parametrize("model", ["mlp", "cnn"])
@pytest.mark.parametrize("adapter", CASES)
def test_importance_in_closed_form_is_that_of_row_by_row(
    adapter: str,
    model: str,
    plain: Callable[..., Any],
    adapted: Callable[..., nn.Module],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module, x = plain(model)
    options = {"layers": ["1" if model == "cnn" else "0"]} if adapter == "freeze" else CASES[adapter]
    network = network_of(adapted(module, adapter, **options))
    network.parameters.add_(torch.randn_like(network.parameters) * 0.1)
    task, y = torch.tensor([0, 1, 0, 1, 1, 1]), torch.tensor([0, 1, 2, 3, 0, 1])
    network.forward(x, task)
    network.undo()
    given: dict[str, Any] = {"seen": Examples(x, y, task), "kind": "exact", "generator": None}
    assert traceable_layers(network) is not None
    closed = diagonal_fisher(network, Classification(4), **given)
    monkeypatch.setattr(gradient_sizes, "traceable_layers", lambda _: None)
    by_row = diagonal_fisher(network, Classification(4), **given)
    torch.testing.assert_close(closed, by_row, rtol=1e-4, atol=1e-8)
    assert closed.any()

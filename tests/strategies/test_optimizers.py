"""Each optimizer takes the steps of its namesake in torch, and says how far it moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from strategies.optimizers import OPTIMIZERS
from strategies.optimizers.adam import Adam
from strategies.optimizers.sgd import Sgd
from strategies.options.optimizers.adam import AdamOptions
from strategies.options.optimizers.sgd import SgdOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.optimizers.optimizer import Optimizer

PARAMETERS, STEPS = 40, 200

CASES = [
    ("sgd", {"lr": 0.1}, lambda p: torch.optim.SGD(p, lr=0.1)),
    ("sgd", {"lr": 0.02, "momentum": 0.9}, lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9)),
    ("adam", {}, torch.optim.Adam),
    ("adam", {"betas": (0.8, 0.9), "eps": 1e-3}, lambda p: torch.optim.Adam(p, betas=(0.8, 0.9), eps=1e-3)),
    ("adam", {"lr": 0.1, "weight_decay": 0.3}, lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.3)),
]


def optimizer_of(name: str, options: dict[str, Any]) -> Optimizer:
    kind = OPTIMIZERS[name].load()
    return kind(kind.Options(**options), parameters=PARAMETERS)


def gradients(seed: int = 0, steps: int = STEPS) -> list[torch.Tensor]:
    """Gradients of very different sizes, some of them zero."""
    generator = torch.Generator().manual_seed(seed)
    scale = torch.logspace(-6, 3, PARAMETERS)
    scale[:3] = 0
    return [torch.randn(PARAMETERS, generator=generator) * scale for _ in range(steps)]


@pytest.mark.parametrize(("name", "options", "reference"), CASES)
def test_many_steps_are_those_of_torch(
    name: str, options: dict[str, Any], reference: Callable[[list[torch.Tensor]], torch.optim.Optimizer]
) -> None:
    parameters = torch.linspace(-2, 2, PARAMETERS)
    expected = torch.nn.Parameter(parameters.clone())
    ours, theirs = optimizer_of(name, options), reference([expected])
    for gradient in gradients():
        expected.grad = gradient.clone()
        theirs.step()
        ours.step(parameters, gradient)
        torch.testing.assert_close(parameters, expected.detach(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_sgd_says_how_far_a_constant_gradient_moves_it(momentum: float) -> None:
    sgd = Sgd(SgdOptions(lr=0.1, momentum=momentum), parameters=1)
    parameters = torch.zeros(1)
    for _ in range(300):
        before = parameters.clone()
        sgd.step(parameters, torch.full((1,), 2.0))
    assert (before - parameters).item() == pytest.approx(2.0 * sgd.step_size(), rel=1e-4)


def test_adam_says_how_far_a_constant_gradient_moves_each_parameter() -> None:
    adam = Adam(AdamOptions(lr=0.1, eps=1e-3), parameters=3)
    parameters, gradient = torch.zeros(3), torch.tensor([2.0, -0.5, 1e-3])
    for _ in range(300):
        before = parameters.clone()
        adam.step(parameters, gradient.clone())
    torch.testing.assert_close(before - parameters, gradient * adam.step_size(), rtol=1e-3, atol=1e-7)


def test_an_adam_step_size_is_finite_where_no_gradient_ever_came() -> None:
    adam = Adam(AdamOptions(), parameters=2)
    adam.step(torch.zeros(2), torch.tensor([0.0, 1.0]))
    assert torch.isfinite(adam.step_size()).all()


@pytest.mark.parametrize(("name", "options"), [case[:2] for case in CASES])
def test_a_restored_optimizer_goes_on_bit_for_bit(name: str, options: dict[str, Any]) -> None:
    straight, resumed = optimizer_of(name, options), optimizer_of(name, options)
    parameters = torch.ones(PARAMETERS)
    for gradient in gradients(0, 10):
        straight.step(parameters, gradient)
    resumed.load_state_dict(straight.state_dict())
    assert torch.equal(torch.as_tensor(straight.step_size()), torch.as_tensor(resumed.step_size()))
    same = parameters.clone()
    for gradient in gradients(1, 10):
        straight.step(parameters, gradient.clone())
        resumed.step(same, gradient)
    assert torch.equal(parameters, same)


def test_a_state_without_momentum_is_refused_by_sgd_with_momentum() -> None:
    plain, heavy = optimizer_of("sgd", {}), optimizer_of("sgd", {"momentum": 0.9})
    with pytest.raises(ValueError, match="sgd without momentum, the configured one with"):
        heavy.load_state_dict(plain.state_dict())
    with pytest.raises(ValueError, match="sgd with momentum, the configured one without"):
        plain.load_state_dict(heavy.state_dict())

"""The flat vectors are the module; the network by hand is the network by autograd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from strategies.models.mlp import Mlp
from strategies.network import LayeredNetwork, Network, network_of
from strategies.options.models.mlp import MlpOptions

if TYPE_CHECKING:
    from collections.abc import Callable


def normal(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def mlp(hidden: tuple[int, ...], *, features: int = 5, outputs: int = 3, seed: int = 0) -> Mlp:
    torch.manual_seed(seed)
    return Mlp(MlpOptions(hidden=hidden), features=features, outputs=outputs)


class Skip(nn.Module):
    """Neither a chain nor differentiable by hand; with a frozen layer, running means and dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.frozen = nn.Linear(5, 8).requires_grad_(requires_grad=False)
        self.norm = nn.BatchNorm1d(8)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(8, 3)
        self.skip = nn.Linear(5, 3, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.drop(torch.relu(self.norm(self.frozen(x))))) + self.skip(x)


class Residual(nn.Sequential):
    """Looks like a chain, but its forward pass is its own."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + super().forward(x)


class TaskBias(nn.Module):
    """Adds a number of the row's task, and 100 where it is unknown."""

    needs_task = True

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(5, 3)

    def forward(self, x: torch.Tensor, task: torch.Tensor) -> torch.Tensor:
        return self.inner(x) + torch.where(task < 0, 100, task).unsqueeze(1)


def skip() -> Skip:
    torch.manual_seed(0)
    return Skip()


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    rows=st.integers(1, 40),
    features=st.integers(1, 20),
    outputs=st.integers(1, 8),
    hidden=st.lists(st.integers(1, 30), min_size=1, max_size=4),
)
def test_outputs_and_gradients_by_hand_are_those_of_autograd(
    seed: int, rows: int, features: int, outputs: int, hidden: list[int]
) -> None:
    by_hand, by_autograd = (
        kind(mlp(tuple(hidden), features=features, outputs=outputs, seed=seed))
        for kind in (LayeredNetwork, Network)
    )
    x, delta = normal(seed, rows, features), normal(seed + 1, rows, outputs)
    torch.testing.assert_close(by_hand.forward(x), by_autograd.forward(x))
    by_hand.backward(delta)
    by_autograd.backward(delta)
    torch.testing.assert_close(by_hand.gradient, by_autograd.gradient)
    torch.testing.assert_close(by_hand.predict(x), by_autograd.predict(x))


@pytest.mark.parametrize("module", [mlp((7, 4)), skip()], ids=["chain", "module"])
def test_the_gradient_is_that_of_the_last_backward_alone(module: nn.Module) -> None:
    network = network_of(module)
    x, delta = normal(0, 6, 5), normal(1, 6, 3)
    state = torch.get_rng_state()
    for _ in range(2):
        torch.set_rng_state(state)  # the same dropout
        network.forward(x)
        network.backward(delta)
        gradient = network.gradient.clone()
        network.forward(x + 1)
        network.backward(delta)
    torch.set_rng_state(state)
    network.forward(x)
    network.backward(delta)
    assert torch.equal(network.gradient, gradient)


@pytest.mark.parametrize("make", [lambda: mlp((7, 4)), skip], ids=["chain", "module"])
def test_the_modules_tensors_stay_views_of_the_vectors(make: Callable[[], nn.Module]) -> None:
    network = network_of(make())
    for _ in range(3):
        outputs = network.forward(normal(0, 6, 5))
        network.backward(outputs)
        network.parameters.sub_(network.gradient, alpha=0.1)
        network.predict(normal(1, 2, 5))
    views, gradients = network.views(network.parameters), network.views(network.gradient)
    for name, parameter in network.module.named_parameters():
        if parameter.requires_grad:
            assert parameter.data_ptr() == views[name].data_ptr()
            assert parameter.grad is not None
            assert parameter.grad.data_ptr() == gradients[name].data_ptr()
    network.parameters.zero_()
    assert all(not p.any() for p in network.module.parameters() if p.requires_grad)


def test_a_step_along_the_gradient_lowers_the_loss_of_any_module() -> None:
    network = Network(skip())
    x, target = normal(0, 64, 5), normal(1, 64, 3) * 0.1
    losses = []
    for _ in range(60):
        outputs = network.forward(x)
        losses.append((outputs - target).square().mean().item())
        network.backward((outputs - target) / len(x))
        network.parameters.sub_(network.gradient, alpha=0.3)
    assert sum(losses[-10:]) < 0.3 * sum(losses[:10])


def test_training_drops_out_and_moves_running_means_and_predicting_does_not() -> None:
    network = Network(skip())
    x = normal(0, 6, 5)
    assert torch.equal(network.predict(x), network.predict(x))
    assert not torch.equal(network.forward(x), network.forward(x))
    mean = network.module.get_buffer("norm.running_mean").clone()
    network.predict(x + 5)
    assert torch.equal(network.module.get_buffer("norm.running_mean"), mean)
    network.forward(x + 5)
    assert not torch.equal(network.module.get_buffer("norm.running_mean"), mean)


def test_undo_puts_back_the_running_means() -> None:
    network = Network(skip())
    network.forward(normal(0, 6, 5))
    before = {name: buffer.clone() for name, buffer in network.module.named_buffers()}
    network.forward(normal(0, 6, 5) * float("inf"))
    assert not torch.isfinite(network.module.get_buffer("norm.running_mean")).all()
    network.undo()
    assert all(torch.equal(buffer, before[name]) for name, buffer in network.module.named_buffers())


def test_frozen_parameters_are_in_neither_vector() -> None:
    module = skip()
    frozen = module.frozen.weight.clone()
    network = Network(module)
    assert len(network.parameters) == sum(p.numel() for p in module.parameters() if p.requires_grad)
    network.parameters.zero_()
    assert torch.equal(module.frozen.weight, frozen)


def test_a_model_with_nothing_to_train_is_refused() -> None:
    with pytest.raises(ValueError, match="no trainable parameter"):
        Network(nn.Linear(2, 2).requires_grad_(requires_grad=False))


def shared() -> nn.Sequential:
    layer = nn.Linear(4, 4)
    return nn.Sequential(layer, nn.ReLU(), layer)


@pytest.mark.parametrize(
    ("module", "fits"),
    [
        (mlp((4,)), True),
        (nn.Sequential(nn.Linear(4, 4)), True),
        (nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True), nn.Linear(4, 4)), True),
        (nn.Sequential(), False),
        (nn.Sequential(nn.Linear(4, 4), nn.ReLU()), False),
        (nn.Sequential(nn.ReLU(), nn.Linear(4, 4), nn.ReLU()), False),
        (nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4)), False),
        (nn.Sequential(nn.Linear(4, 4, bias=False)), False),
        (nn.Sequential(nn.Linear(4, 4).requires_grad_(requires_grad=False), nn.ReLU(), nn.Linear(4, 4)), False),
        (shared(), False),
        (Residual(nn.Linear(4, 4)), False),
        (nn.Linear(4, 4), False),
    ],
)
def test_only_plain_chains_are_differentiated_by_hand(module: nn.Module, *, fits: bool) -> None:
    assert LayeredNetwork.fits(module) is fits
    if list(module.parameters()):
        assert (type(network_of(module)) is LayeredNetwork) is fits


@pytest.mark.parametrize("make", [lambda: mlp((7, 4)), skip], ids=["chain", "module"])
def test_a_restored_network_is_the_same_with_buffers_and_frozen_parameters(make: Callable[[], nn.Module]) -> None:
    network = network_of(make())
    network.forward(normal(0, 6, 5))
    network.parameters.add_(1)
    torch.manual_seed(9)
    other = network_of(make())
    for parameter in other.module.parameters():
        parameter.data.add_(0.5)
    other.load_state_dict(network.state_dict())
    x = normal(1, 6, 5)
    assert torch.equal(other.predict(x), network.predict(x))
    other.forward(x)
    other.backward(normal(2, 6, 3))
    assert other.gradient.any()


def test_a_state_of_another_model_is_refused() -> None:
    saved = network_of(mlp((3,))).state_dict()
    with pytest.raises(ValueError, match="model has 30 parameters, the configured one 39"):
        network_of(mlp((4,))).load_state_dict(saved)
    plain = Network(nn.Sequential(nn.Linear(2, 3)))
    with pytest.raises(ValueError, match="fixed tensors"):
        plain.load_state_dict({"parameters": plain.parameters, "fixed": {"1.running_mean": torch.zeros(3)}})


def test_the_task_reaches_a_module_that_needs_it_and_no_other() -> None:
    torch.manual_seed(0)
    module, x, task = TaskBias(), normal(0, 4, 5), torch.tensor([0, 2, -1, 1])
    network, plain = network_of(module), network_of(mlp((4,)))
    expected = module.inner(x) + torch.tensor([0, 2, 100, 1]).unsqueeze(1)
    torch.testing.assert_close(network.predict(x, task), expected)
    torch.testing.assert_close(network.forward(x, task), expected)
    assert torch.equal(network.predict(x), network.predict(x, torch.full((4,), -1)))
    assert torch.equal(plain.predict(x, task), plain.predict(x))
    assert torch.equal(plain.forward(x, task), plain.predict(x))

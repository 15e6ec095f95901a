"""LoRA starts as the model, learns W + (α/r)BA with W fixed, and an export is the plain model again."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from strategies.adapters.lora import Lora
from strategies.network import Network, network_of

if TYPE_CHECKING:
    from collections.abc import Callable

    Plain = Callable[..., tuple[nn.Module, torch.Tensor]]
    Adapted = Callable[..., nn.Module]


class Normalised(nn.Module):
    """A module of one's own, with a normalisation that has running means."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.ModuleDict({"inner": nn.Linear(6, 8), "norm": nn.BatchNorm1d(8)})
        self.head = nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(torch.relu(self.block["norm"](self.block["inner"](x))))


def named(network: Network) -> dict[str, torch.Tensor]:
    return {**dict(network.module.named_parameters()), **dict(network.module.named_buffers())}


def shake(network: Network) -> None:
    """Move all that learns, so that no correction is zero."""
    network.parameters.add_(torch.randn_like(network.parameters) * 0.3)


@pytest.mark.parametrize("head", [True, False])
@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_it_starts_as_exactly_the_model(model: str, head: bool, plain: Plain, adapted: Adapted) -> None:  # noqa: FBT001
    module, x = plain(model)
    before = module(x)
    network = network_of(adapted(module, "lora", rank=3, head=head))
    assert torch.equal(network.predict(x), before)
    assert torch.equal(network.forward(x), before)


@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_the_gradient_is_that_of_the_formula(model: str, plain: Plain, adapted: Adapted) -> None:
    module, x = plain(model)
    base = deepcopy(module)
    network = network_of(adapted(module, "lora", rank=2, alpha=3.0))
    shake(network)
    y = torch.arange(len(x)) % 4
    leaves = {name: t.detach().clone().requires_grad_() for name, t in network.views(network.parameters).items()}

    def weight(name: str, tensor: torch.Tensor) -> torch.Tensor:
        prefix = name.removesuffix("weight")
        if f"{prefix}lora_up.weight" not in leaves:
            return leaves.get(name, tensor)
        up, down = leaves[f"{prefix}lora_up.weight"], leaves[f"{prefix}lora_down.weight"]
        rank = len(down)
        return tensor + 3.0 / rank * (up.flatten(1) @ down.flatten(1)).view_as(tensor)

    written = functional_call(base, {name: weight(name, t) for name, t in base.named_parameters()}, (x,))
    expected = torch.autograd.grad(F.cross_entropy(written, y), list(leaves.values()))
    outputs = network.forward(x)
    torch.testing.assert_close(outputs, written.detach(), rtol=1e-4, atol=1e-5)
    network.backward((torch.softmax(outputs, 1) - F.one_hot(y, 4)) / len(x))
    for view, gradient in zip(network.views(network.gradient).values(), expected, strict=True):
        torch.testing.assert_close(view, gradient, rtol=1e-3, atol=1e-6)


def test_what_is_fixed_never_moves_by_a_bit(plain: Plain, adapted: Adapted) -> None:
    module, x = plain("cnn")
    weights = {f"{name}": t.clone() for name, t in module.named_parameters()}
    network = network_of(adapted(module, "lora"))
    for _ in range(5):
        network.backward(network.forward(x))
        network.parameters.sub_(network.gradient, alpha=0.1)
    kept = {name.replace("at_rest_layer.", ""): t for name, t in named(network).items() if "at_rest" in name}
    assert {"1.weight", "1.bias", "4.weight", "4.bias", "8.weight", "8.bias"} == kept.keys()
    assert all(torch.equal(t, weights[name]) for name, t in kept.items())
    assert not torch.equal(network.views(network.parameters)["10.weight"], weights["10.weight"])


@pytest.mark.parametrize("head", [True, False])
@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_the_merged_model_predicts_the_same(model: str, head: bool, plain: Plain, adapted: Adapted) -> None:  # noqa: FBT001
    module, x = plain(model)
    empty = deepcopy(module)
    network = network_of(adapted(module, "lora", rank=4, alpha=6.0, head=head))
    shake(network)
    tensors = Lora.plain(named(network), task=None)
    empty.load_state_dict(tensors)
    torch.testing.assert_close(empty(x).detach(), network.predict(x), rtol=1e-5, atol=1e-6)


def test_a_module_of_ones_own_keeps_its_normalisation(adapted: Adapted) -> None:
    torch.manual_seed(0)
    module, x = Normalised(), torch.randn(9, 6)
    network = network_of(adapted(module, "lora", rank=2, layers=["block.*"]))
    names = set(network.views(network.parameters))
    assert names == {"block.inner.lora_down.weight", "block.inner.lora_up.weight", "head.weight", "head.bias"}
    before = named(network)["block.norm.running_mean"].clone()
    network.forward(x + 5)
    assert torch.equal(named(network)["block.norm.running_mean"], before)


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        ("linear", {}, "no such layer but the head"),
        ("mlp", {"layers": ["1"]}, "nothing in the model is called 1; it has 0, 2"),
        ("mlp", {"layers": ["4"]}, "nothing in the model is called 4"),
    ],
)
def test_a_layer_that_is_not_there_is_refused(
    model: str, options: dict[str, Any], words: str, plain: Plain, adapted: Adapted
) -> None:
    with pytest.raises(ValueError, match=words):
        adapted(plain(model)[0], "lora", **options)


def test_the_rank_is_at_most_that_of_the_layer_and_alpha_counts_by_it(plain: Plain, adapted: Adapted) -> None:
    network = network_of(adapted(plain("cnn")[0], "lora", rank=100, alpha=8.0))
    tensors = named(network)
    assert tensors["1.lora_down.weight"].shape == (4, 1, 3, 3)
    assert float(tensors["1.lora_scale"]) == 2.0
    assert tensors["8.lora_up.weight"].shape == (7, 7)

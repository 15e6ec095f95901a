"""The factors are second moments of what goes into a layer and what comes back, as a loop over rows finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from strategies.batch import Examples
from strategies.fisher import diagonal_fisher
from strategies.kronecker_fisher import Factors, factored_layers, kronecker_fisher
from strategies.layer_block import layer_blocks
from strategies.network import Network, network_of
from strategies.objective import Classification

if TYPE_CHECKING:
    from collections.abc import Callable

CLASSES = 3


def chain() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, CLASSES))


def partly_frozen() -> nn.Module:
    module = nn.Sequential(
        nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 4, bias=False), nn.Tanh(), nn.Linear(4, CLASSES)
    )
    module[0].weight.requires_grad = False
    return module


def convolution() -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (2, 6, 5)), nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(48, CLASSES)
    )


MODULES: dict[str, tuple[int, Callable[[], nn.Module]]] = {
    "chain": (6, chain),
    "partly frozen": (6, partly_frozen),
    "convolution": (60, convolution),
}


def estimate(network: Network, seen: Examples, kind: Any = "exact") -> dict[str, Factors]:
    generator = np.random.default_rng(0)
    return kronecker_fisher(network, Classification(CLASSES), seen=seen, kind=kind, generator=generator)


def built(case: str, rows: int) -> tuple[Network, Examples]:
    features, make = MODULES[case]
    torch.manual_seed(0)
    network = network_of(make())
    task = torch.zeros(rows, dtype=torch.int64)
    return network, Examples(x=torch.randn(rows, features), y=torch.randint(0, CLASSES, (rows,)), task=task)


def row_gradients(network: Network, row: torch.Tensor) -> list[tuple[float, torch.Tensor]]:
    """Return the probability of each label, and the gradient of its log."""
    log_probability = F.log_softmax(network.module(row.unsqueeze(0)), 1)[0]
    wanted = [p for p in network.module.parameters() if p.requires_grad]
    found = []
    for score in log_probability:
        parts = torch.autograd.grad(score, wanted, retain_graph=True)
        found.append((score.exp().item(), torch.cat([part.reshape(-1) for part in parts])))
    return found


@pytest.mark.parametrize("case", ["chain", "partly frozen"])
def test_the_product_of_one_row_is_the_whole_fisher_of_the_layer(case: str) -> None:
    """For linear layers, A ⊗ G of a single row is E[g gᵀ] of the layer's parameters, off the diagonal too."""
    network, seen = built(case, rows=1)
    factors, blocks = estimate(network, seen), layer_blocks(network)
    assert factors.keys() == blocks.keys()
    for name, block in blocks.items():
        gradients = [(p, block.take(gradient).reshape(-1)) for p, gradient in row_gradients(network, seen.x[0])]
        expected = sum(probability * torch.outer(g, g) for probability, g in gradients)
        found = torch.kron(factors[name].outputs, factors[name].inputs)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["exact", "sampled", "empirical"])
def test_each_factor_of_many_rows_is_the_mean_of_theirs(kind: str) -> None:
    """Rows beyond one chunk as well: of the first layer A is the mean of xxᵀ, with a one for the bias."""
    network, seen = built("chain", rows=150)
    factors = estimate(network, seen, kind)
    a = torch.cat([seen.x, torch.ones(150, 1)], 1)
    torch.testing.assert_close(factors["0."].inputs, a.t() @ a / 150, rtol=1e-4, atol=1e-6)
    diagonal = diagonal_fisher(
        network, Classification(CLASSES), seen=seen, kind=kind, generator=np.random.default_rng(0)
    )
    if kind != "sampled":  # which draws by the chunk
        of_last_bias = diagonal[-CLASSES:]
        torch.testing.assert_close(factors["2."].outputs.diagonal(), of_last_bias, rtol=1e-4, atol=1e-6)


def test_a_convolution_is_linear_at_each_position() -> None:
    """KFC: A is averaged over positions, the blame summed; of a filter's bias, G is what single positions say."""
    network, seen = built("convolution", rows=5)
    factor = estimate(network, seen)["1."]
    patches = F.unfold(seen.x.view(5, 2, 6, 5), 3).transpose(1, 2).reshape(-1, 18)
    a = torch.cat([patches, torch.ones(len(patches), 1)], 1)
    torch.testing.assert_close(factor.inputs, a.t() @ a / len(patches), rtol=1e-4, atol=1e-6)
    layer, rest = network.module[1], network.module[2:]  # type: ignore[index] # it is a Sequential
    expected = torch.zeros(4, 4)
    for row in seen.x:
        result = layer(row.view(1, 2, 6, 5)).detach().requires_grad_()
        for score in F.log_softmax(rest(result), 1)[0]:
            (delta,) = torch.autograd.grad(score, result, retain_graph=True)
            by_position = delta.flatten(2)[0].t()
            expected += score.exp().item() * by_position.t() @ by_position / 5
    torch.testing.assert_close(factor.outputs, expected, rtol=1e-4, atol=1e-6)


def test_a_module_without_factors_is_refused_with_the_reason() -> None:
    network = network_of(nn.Sequential(nn.Linear(6, 4), nn.LayerNorm(4), nn.Linear(4, CLASSES)))
    with pytest.raises(ValueError, match=r"linear and convolution layers.*use curvature: diagonal"):
        factored_layers(network)
    assert list(factored_layers(built("convolution", rows=1)[0])) == ["1.", "4."]


def test_a_layer_that_would_take_too_much_memory_is_refused() -> None:
    factored_layers(network_of(nn.Linear(4096, 2)))
    with pytest.raises(ValueError, match=r"4097² numbers for the layer 0\.weight"):
        factored_layers(network_of(nn.Sequential(nn.Linear(6, 4097), nn.ReLU(), nn.Linear(4097, 2))))


def test_it_leaves_parameters_and_gradient_alone() -> None:
    network, seen = built("convolution", rows=5)
    network.forward(seen.x)
    network.backward(torch.ones(5, CLASSES))
    parameters, gradient = network.parameters.clone(), network.gradient.clone()
    estimate(network, seen)
    assert torch.equal(network.parameters, parameters)
    assert torch.equal(network.gradient, gradient)

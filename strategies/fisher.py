"""The diagonal of the Fisher information: how much each parameter matters for what the model says."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

import torch
from torch import nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from strategies.network import Network
    from strategies.objective import Objective

    # Given the outputs (rows, outputs), the gradients on them whose effects are to be squared.
    _Deltas = Callable[[Tensor], Iterator[Tensor]]

FisherKind = Literal["exact", "sampled", "empirical"]
_CHUNK_ROWS = 128


def diagonal_fisher(
    network: Network,
    objective: Objective,
    *,
    x: Tensor,
    y: Tensor,
    kind: FisherKind,
    generator: np.random.Generator,
) -> Tensor:
    """Return the mean over rows of the squared per-example gradient of log p(y|x), ``(parameters,) float32``.

    ``x`` is ``(rows, features)`` as the network sees it. ``exact`` takes the expectation over the model's own
    labels, ``sampled`` draws one of them a row, ``empirical`` takes the true ones (van de Ven 2025,
    arXiv 2502.11756). The square of a mini-batch's mean gradient, which others use, underestimates by about the
    batch size and is not offered. For linear layers with inputs a and output gradients δ the result is
    (δ∘δ)ᵀ(a∘a)/N; convolutions become linear by unfolding; any other layer is differentiated row by row.
    """
    fisher = torch.zeros_like(network.parameters)
    views = network.views(fisher)
    squares = _closed_form if _is_closed_form(network) else _row_by_row
    network.module.eval()
    for start in range(0, len(x), _CHUNK_ROWS):
        rows = slice(start, start + _CHUNK_ROWS)
        deltas = partial(_deltas, y=y[rows], objective=objective, kind=kind, generator=generator)
        squares(network, views, x[rows], deltas)
    return fisher.div_(max(len(x), 1))


def _deltas(
    outputs: Tensor, *, y: Tensor, objective: Objective, kind: FisherKind, generator: np.random.Generator
) -> Iterator[Tensor]:
    """Yield gradients on the outputs ``(rows, outputs)``, the squares of whose effects are to be summed."""
    rows, width = outputs.shape
    if kind == "empirical":
        yield objective.loss(outputs, y)[1] * rows
    elif not objective.classification:
        # The score of a unit Gaussian is its standardised residual, whose mean square is one.
        yield (
            torch.ones_like(outputs) if kind == "exact" else _like(outputs, generator.standard_normal(rows * width))
        )
    elif kind == "exact":
        probability = torch.softmax(outputs, 1)
        for label in range(width):
            delta = objective.loss(outputs, y.new_full((rows,), label))[1] * rows
            yield delta * probability[:, label : label + 1].sqrt()
    else:
        cumulative = torch.softmax(outputs, 1).double().cumsum(1)
        draw = _like(outputs[:, :1], generator.random(rows)).double() * cumulative[:, -1:]
        yield objective.loss(outputs, (cumulative <= draw).sum(1).clamp_(max=width - 1))[1] * rows


def _like(outputs: Tensor, values: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(values).to(outputs.dtype).view(outputs.shape)


def _is_closed_form(network: Network) -> bool:
    """Tell whether every trainable parameter is the weight or bias of a plain linear or convolution layer."""
    covered = {name for path, layer in _layers(network.module) for name in _names(path, layer)}
    return network.views(network.parameters).keys() <= covered


def _layers(module: nn.Module) -> Iterator[tuple[str, nn.Linear | nn.Conv2d]]:
    for path, layer in module.named_modules():
        if type(layer) is nn.Linear or (type(layer) is nn.Conv2d and _unfolds(layer)):
            yield path, layer


def _unfolds(layer: nn.Conv2d) -> bool:
    return layer.groups == 1 and layer.padding_mode == "zeros" and not isinstance(layer.padding, str)


def _names(path: str, layer: nn.Module) -> list[str]:
    return [f"{path}.{name}" if path else name for name, _ in layer.named_parameters(recurse=False)]


def _closed_form(network: Network, views: dict[str, Tensor], x: Tensor, deltas: _Deltas) -> None:
    """Add the squares of ``x``'s rows to ``views``, from each layer's inputs and output gradients."""
    inputs: dict[str, Tensor] = {}
    results: dict[str, Tensor] = {}
    layers = dict(_layers(network.module))
    hooks = []
    for path, layer in layers.items():

        def keep(_: nn.Module, args: tuple[Tensor, ...], result: Tensor, path: str = path) -> None:
            assert path not in inputs, "a layer that is used twice has no closed form"
            inputs[path], results[path] = args[0].detach(), result

        hooks.append(layer.register_forward_hook(keep))
    try:
        with torch.enable_grad():
            outputs = network.module(x)
    finally:
        for hook in hooks:
            hook.remove()
    for delta in deltas(outputs.detach()):
        gradients = torch.autograd.grad(outputs, list(results.values()), delta, retain_graph=True)
        for path, gradient in zip(results, gradients, strict=True):
            _add_squares(layers[path], inputs[path], gradient, views, path)


def _add_squares(
    layer: nn.Linear | nn.Conv2d, a: Tensor, delta: Tensor, views: dict[str, Tensor], path: str
) -> None:
    prefix = f"{path}." if path else ""
    weight, bias = views.get(f"{prefix}weight"), views.get(f"{prefix}bias")
    if isinstance(layer, nn.Linear):
        square = delta.square()
        if weight is not None:
            weight.add_(square.t() @ a.square())
        if bias is not None:
            bias.add_(square.sum(0))
        return
    assert not isinstance(layer.padding, str)
    delta = delta.flatten(2)
    if weight is not None:
        patches = F.unfold(
            a, layer.kernel_size, dilation=layer.dilation, padding=layer.padding, stride=layer.stride
        )
        per_row = torch.einsum("nol,nkl->nok", delta, patches)
        weight.add_(per_row.square().sum(0).view(weight.shape))
    if bias is not None:
        bias.add_(delta.sum(2).square().sum(0))


def _row_by_row(network: Network, views: dict[str, Tensor], x: Tensor, deltas: _Deltas) -> None:
    """Add the squares of ``x``'s rows to ``views``, by vectorised per-example gradients."""
    parameters = {name: view.detach() for name, view in network.views(network.parameters).items()}

    def product(parameters: dict[str, Tensor], row: Tensor, delta: Tensor) -> Tensor:
        outputs: Tensor = functional_call(network.module, parameters, (row.unsqueeze(0),))
        return outputs.squeeze(0).dot(delta)

    per_example = vmap(grad(product), in_dims=(None, 0, 0), randomness="same")
    with torch.no_grad():
        outputs = network.module(x)
    for delta in deltas(outputs):
        with torch.enable_grad():
            gradients = per_example(parameters, x, delta)
        for name, gradient in gradients.items():
            views[name].add_(gradient.detach().square().sum(0))

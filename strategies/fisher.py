"""The diagonal of the Fisher information: how much each parameter matters for what the model says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import nn
from torch.nn import functional as F

from strategies.network import LayeredNetwork, weighted_sum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from strategies.network import Network
    from strategies.objective import Objective

    # Given the outputs (rows, outputs), the gradients on them whose effects are to be squared.
    _Deltas = Callable[[Tensor], Iterator[Tensor]]
    _Squares = Callable[["Network", dict[str, Tensor], "_Inputs", _Deltas], None]

FisherKind = Literal["exact", "sampled", "empirical"]
# A convolution's unfolded inputs take a lot of memory, a linear layer's next to none.
_CHUNK_ROWS = 64
_LAYERED_CHUNK_ROWS = 1024


@dataclass(frozen=True, slots=True)
class _Inputs:
    """Rows as the network sees them."""

    x: Tensor
    task: Tensor

    def outputs(self, network: Network) -> Tensor:
        return network.call(self.x, self.task)


def diagonal_fisher(
    network: Network,
    objective: Objective,
    *,
    x: Tensor,
    y: Tensor,
    task: Tensor,
    kind: FisherKind,
    generator: np.random.Generator,
) -> Tensor:
    """Return the mean over rows of the squared per-example gradient of log p(y|x), ``(parameters,) float32``.

    ``x`` is ``(rows, features)`` as the network sees it, ``task`` ``(rows,) int64``. ``exact`` takes the
    expectation over the model's own labels, ``sampled`` draws one of them a row, ``empirical`` takes the true ones
    (van de Ven 2025, arXiv 2502.11756). The square of a mini-batch's mean gradient, which others use,
    underestimates by about the batch size and is not offered. For linear layers with inputs a and output gradients
    δ the result is (δ∘δ)ᵀ(a∘a)/N; convolutions become linear by unfolding. This is done for chains of layers, and
    for a module that says ``uses_layers_once = True``: each linear or convolution layer in it works at most once in
    a pass, with its own weights. Any other module is differentiated row by row.
    """
    fisher = torch.zeros_like(network.parameters)
    views = network.views(fisher)
    squares: _Squares = _row_by_row
    chunk = _CHUNK_ROWS
    if isinstance(network, LayeredNetwork):
        squares, chunk = _by_hand, _LAYERED_CHUNK_ROWS
    elif _is_closed_form(network):
        squares = _closed_form
    network.module.eval()
    for start in range(0, len(x), chunk):
        rows = slice(start, start + chunk)
        deltas = partial(_deltas, y=y[rows], objective=objective, kind=kind, generator=generator)
        squares(network, views, _Inputs(x[rows], task[rows]), deltas)
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
    """Tell whether in the module only plain linear and convolution layers are trainable, each used at most once.

    That is known of a chain, and of a module that says so. No two layers may share a parameter.
    """
    trainable = network.views(network.parameters).keys()
    covered = {f"{prefix}{name}" for prefix, _ in _layers(network.module) for name in ("weight", "bias")}
    uses = [p for _, p in network.module.named_parameters(remove_duplicate=False) if p.requires_grad]
    return trainable <= covered and len(uses) == len(trainable)


def _layers(module: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Linear | nn.Conv2d]]:
    """Yield the layers that are used at most once, each with the prefix of its parameters' names."""
    if _is_chain(module) or isinstance(module, nn.ModuleList) or getattr(module, "uses_layers_once", False):
        for name, child in module.named_children():
            yield from _layers(child, f"{prefix}{name}.")
    elif type(module) is nn.Linear or (type(module) is nn.Conv2d and _unfolds(module)):
        yield prefix, module


def _is_chain(module: nn.Module) -> bool:
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward


def _unfolds(layer: nn.Conv2d) -> bool:
    return layer.groups == 1 and layer.padding_mode == "zeros" and not isinstance(layer.padding, str)


def _by_hand(network: Network, views: dict[str, Tensor], inputs: _Inputs, deltas: _Deltas) -> None:
    """Add the squares of the rows to ``views``, as the network itself computes them."""
    assert isinstance(network, LayeredNetwork)
    for name, squares in network.views(network.squared_gradients(inputs.x, deltas)).items():
        views[name].add_(squares)


def _closed_form(network: Network, views: dict[str, Tensor], inputs: _Inputs, deltas: _Deltas) -> None:
    """Add the squares of the rows to ``views``, from each layer's inputs and output gradients."""
    layers = {
        prefix: layer
        for prefix, layer in _layers(network.module)
        if any(parameter.requires_grad for parameter in layer.parameters())
    }
    outputs, traces = _traced(network, layers, inputs)
    given = [trace.result for trace in traces]
    for delta in deltas(outputs.detach()):
        score = weighted_sum(outputs, delta)
        gradients = torch.autograd.grad(score, given, retain_graph=True, allow_unused=True)
        for trace, gradient in zip(traces, gradients, strict=True):
            if gradient is None:
                continue
            by_position = _gradients_by_position(trace.layer, gradient)
            if (weight := views.get(f"{trace.prefix}weight")) is not None:
                weight.add_(_weight_squares(trace.inputs, by_position).view(weight.shape))
            if (bias := views.get(f"{trace.prefix}bias")) is not None:
                bias.add_(by_position.sum(1).square_().sum(0))


@dataclass(frozen=True, slots=True)
class _Trace:
    """What a layer took and gave in a pass."""

    prefix: str
    layer: nn.Linear | nn.Conv2d
    inputs: Tensor
    """``(rows, positions, inputs)``, at each of which the layer is linear."""
    result: Tensor


def _traced(
    network: Network, layers: dict[str, nn.Linear | nn.Conv2d], inputs: _Inputs
) -> tuple[Tensor, list[_Trace]]:
    """Return the network's outputs, and the traces of those of the layers that were used."""
    traces: list[_Trace] = []

    def keep(prefix: str, layer: Any, args: tuple[Tensor, ...], result: Tensor) -> Tensor:
        if result.requires_grad:
            traces.append(_Trace(prefix, layer, _inputs_by_position(layer, args[0].detach()), result))
        # What follows may work in place, and would turn the result into its own.
        return result.clone()

    hooks = [layer.register_forward_hook(partial(keep, prefix)) for prefix, layer in layers.items()]
    try:
        with torch.enable_grad():
            outputs = inputs.outputs(network)
    finally:
        for hook in hooks:
            hook.remove()
    return outputs, traces


def _inputs_by_position(layer: nn.Linear | nn.Conv2d, a: Tensor) -> Tensor:
    """Return a layer's inputs as ``(rows, positions, inputs)``, at each of which the layer is linear."""
    if isinstance(layer, nn.Linear):
        return a.reshape(len(a), -1, a.shape[-1])
    assert not isinstance(layer.padding, str)
    patches = F.unfold(a, layer.kernel_size, dilation=layer.dilation, padding=layer.padding, stride=layer.stride)
    return patches.transpose(1, 2)


def _gradients_by_position(layer: nn.Linear | nn.Conv2d, delta: Tensor) -> Tensor:
    """Return the gradients on a layer's outputs as ``(rows, positions, outputs)``."""
    if isinstance(layer, nn.Linear):
        return delta.reshape(len(delta), -1, delta.shape[-1])
    return delta.flatten(2).transpose(1, 2)


def _weight_squares(a: Tensor, delta: Tensor) -> Tensor:
    """Return the sum over rows of the squared gradient on a layer's weights ``(outputs, inputs)``."""
    if a.shape[1] == 1:
        return delta[:, 0].square().t() @ a[:, 0].square()
    return torch.einsum("npo,npi->noi", delta, a).square_().sum(0)


def _row_by_row(network: Network, views: dict[str, Tensor], inputs: _Inputs, deltas: _Deltas) -> None:
    """Add the squares of the rows to ``views``, each from a gradient of its own.

    vmap would take no less time, and not every module.
    """
    parameters = dict(network.module.named_parameters())
    trainable = [parameters[name] for name in views]
    rows = zip(torch.split(inputs.x, 1), torch.split(inputs.task, 1), strict=True)
    with torch.enable_grad():
        outputs = [_Inputs(x, task).outputs(network) for x, task in rows]
    for delta in deltas(torch.cat(outputs).detach()):
        for output, row_delta in zip(outputs, torch.split(delta, 1), strict=True):
            score = weighted_sum(output, row_delta)
            gradients = torch.autograd.grad(score, trainable, retain_graph=True, allow_unused=True)
            for view, gradient in zip(views.values(), gradients, strict=True):
                if gradient is not None:
                    view.addcmul_(gradient, gradient)

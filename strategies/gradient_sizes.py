"""How large the gradients of single rows are, parameter by parameter, summed over many rows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import torch

from strategies.layer_traces import gradients_by_position, traceable_layers, traced
from strategies.network import LayeredNetwork, weighted_sum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from strategies.layer_traces import Layers
    from strategies.network import Network

    Size: TypeAlias = Callable[[Tensor], Tensor]
    Deltas: TypeAlias = Callable[..., Iterator[Tensor]]
    _OfRows: TypeAlias = Callable[[Tensor], Iterator[Tensor]]

# A convolution's unfolded inputs take a lot of memory, a linear layer's next to none.
CHUNK_ROWS = 64
_LAYERED_CHUNK_ROWS = 1024


def sum_of_sizes(network: Network, *, x: Tensor, task: Tensor, deltas: Deltas, size: Size) -> Tensor:
    """Return Σ size(g) over rows and deltas, ``(parameters,) float32``, with g the gradient of one row alone.

    ``x`` is ``(rows, features)`` as the network sees it, ``task`` ``(rows,) int64``. ``deltas(outputs, rows=...)``
    yields, given the outputs for a slice of the rows, some gradients on them ``(rows, outputs)``. ``size`` is
    ``torch.square`` or ``torch.abs``; of a product both give the product of the factors' sizes. So the sum has a
    closed form for linear layers with inputs a and output gradients δ, size(δ)ᵀ size(a); convolutions become
    linear by unfolding. It is taken where the layers are known to work once; any other module is differentiated
    row by row.
    """
    sums = torch.zeros_like(network.parameters)
    add, chunk = _way(network)
    network.module.eval()
    for start in range(0, len(x), chunk):
        rows = slice(start, start + chunk)
        add(network, network.views(sums), x=x[rows], task=task[rows], deltas=partial(deltas, rows=rows), size=size)
    return sums


def _way(network: Network) -> tuple[Callable[..., None], int]:
    """Return the fastest function that adds the sizes of some rows, and how many to give it at once."""
    if isinstance(network, LayeredNetwork):
        return _add_by_hand, _LAYERED_CHUNK_ROWS
    layers = traceable_layers(network)
    return (_add_row_by_row if layers is None else partial(_add_in_closed_form, layers=layers)), CHUNK_ROWS


def _add_by_hand(
    network: LayeredNetwork, sums: dict[str, Tensor], *, x: Tensor, task: Tensor, deltas: _OfRows, size: Size
) -> None:
    """Add the sizes of the rows to ``sums``, as the network itself computes them."""
    del task
    for name, sizes in network.views(network.gradient_sizes(x, deltas, size)).items():
        sums[name].add_(sizes)


def _add_in_closed_form(
    network: Network,
    sums: dict[str, Tensor],
    *,
    layers: Layers,
    x: Tensor,
    task: Tensor,
    deltas: _OfRows,
    size: Size,
) -> None:
    """Add the sizes of the rows to ``sums``, from each layer's inputs and output gradients."""
    outputs, traces = traced(network, layers, x=x, task=task)
    for delta in deltas(outputs.detach()):
        for trace, by_position in gradients_by_position(outputs, traces, delta):
            if (weight := sums.get(f"{trace.prefix}weight")) is not None:
                weight.add_(_weight_sizes(trace.inputs, by_position, size).view(weight.shape))
            if (bias := sums.get(f"{trace.prefix}bias")) is not None:
                bias.add_(size(by_position.sum(1)).sum(0))


def _weight_sizes(a: Tensor, delta: Tensor, size: Size) -> Tensor:
    """Return the sum over rows of the sizes of the gradient on a layer's weights ``(outputs, inputs)``."""
    if a.shape[1] == 1:
        return size(delta[:, 0]).t() @ size(a[:, 0])
    return size(torch.einsum("npo,npi->noi", delta, a)).sum(0)


def _add_row_by_row(
    network: Network, sums: dict[str, Tensor], *, x: Tensor, task: Tensor, deltas: _OfRows, size: Size
) -> None:
    """Add the sizes of the rows to ``sums``, each from a gradient of its own.

    vmap would take no less time, and not every module.
    """
    parameters = dict(network.module.named_parameters())
    trainable = [parameters[name] for name in sums]
    with torch.enable_grad():
        outputs = [network.call(*row) for row in zip(torch.split(x, 1), torch.split(task, 1), strict=True)]
    for delta in deltas(torch.cat(outputs).detach()):
        for output, row_delta in zip(outputs, torch.split(delta, 1), strict=True):
            score = weighted_sum(output, row_delta)
            gradients = torch.autograd.grad(score, trainable, retain_graph=True, allow_unused=True)
            for total, gradient in zip(sums.values(), gradients, strict=True):
                if gradient is not None:
                    total.add_(size(gradient))

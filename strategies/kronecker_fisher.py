"""The Fisher information layer by layer, a Kronecker product of what goes in and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch

from strategies.fisher import score_gradients
from strategies.gradient_sizes import CHUNK_ROWS
from strategies.layer_traces import gradients_by_position, traceable_layers, traced

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from strategies.batch import Examples
    from strategies.layer_traces import Layers, LayerTrace
    from strategies.network import Network
    from strategies.objective import Objective
    from strategies.options.ewc import FisherKind


WIDEST = 4096
"""Inputs or outputs of a layer: a factor and its eigenbasis take 128 MiB then, and a minute or two to compute."""
_OTHER_LAYERS = (
    "ewc with curvature: kronecker needs a model whose trainable parameters all belong to linear and convolution"
    " layers that each work once, as in mlp and cnn; use curvature: diagonal"
)


@dataclass(frozen=True, slots=True)
class Factors:
    """A layer's Fisher information A ⊗ G: that of weight (o, i) with weight (p, j) is A[i, j] · G[o, p]."""

    inputs: Tensor
    """A ``(inputs, inputs) float32``: the mean over rows and positions of aaᵀ; a bias is an input that is 1."""
    outputs: Tensor
    """G ``(outputs, outputs) float32``: the mean over rows of the sum over positions of δδᵀ."""


def kronecker_fisher(
    network: Network, objective: Objective, *, seen: Examples, kind: FisherKind, generator: np.random.Generator
) -> dict[str, Factors]:
    """Return the factors of every layer, by the prefix of its parameters' names.

    ``seen`` are rows, one or more, with ``x`` as the network sees it; ``kind`` is as for the diagonal. It is exact
    where a and δ are independent, as K-FAC takes it (Martens & Grosse 2015), and positions of each other, as KFC
    does (Grosse & Martens 2016). Raises ``ValueError`` as :func:`factored_layers` does.
    """
    layers = factored_layers(network)
    trainable = network.views(network.parameters).keys()
    factors: dict[str, Factors] = {}
    network.module.eval()
    for start in range(0, len(seen), CHUNK_ROWS):
        rows = slice(start, start + CHUNK_ROWS)
        outputs, traces = traced(network, layers, x=seen.x[rows], task=seen.task[rows])
        for trace in traces:
            a = _inputs(trace, weight=f"{trace.prefix}weight" in trainable, bias=f"{trace.prefix}bias" in trainable)
            of_layer = factors.setdefault(trace.prefix, _none(a.shape[1], trace.layer.weight.shape[0]))
            of_layer.inputs.addmm_(a.t(), a, alpha=1 / trace.inputs.shape[1])
        scores = partial(score_gradients, rows=rows, y=seen.y, objective=objective, kind=kind, generator=generator)
        for delta in scores(outputs.detach()):
            for trace, by_position in gradients_by_position(outputs, traces, delta):
                given = by_position.flatten(0, 1)
                factors[trace.prefix].outputs.addmm_(given.t(), given)
    for of_layer in factors.values():
        of_layer.inputs.div_(len(seen))
        of_layer.outputs.div_(len(seen))
    return factors


def factored_layers(network: Network) -> Layers:
    """Return the trainable layers by prefix; raise ``ValueError`` where one has no factors, or too large ones."""
    layers = traceable_layers(network)
    if layers is None:
        raise ValueError(_OTHER_LAYERS)
    for prefix, layer in layers.items():
        width = max(layer.weight[0].numel(), len(layer.weight))
        if width > WIDEST:
            raise ValueError(
                f"ewc with curvature: kronecker keeps {width}² numbers for the layer {prefix}weight, and takes at"
                f" most {WIDEST}²; use curvature: diagonal"
            )
    return layers


def _none(inputs: int, outputs: int) -> Factors:
    return Factors(inputs=torch.zeros(inputs, inputs), outputs=torch.zeros(outputs, outputs))


def _inputs(trace: LayerTrace, *, weight: bool, bias: bool) -> Tensor:
    """Return what the trainable part of a layer takes at every row and position, ``(rows · positions, inputs)``."""
    a = trace.inputs.flatten(0, 1)
    parts = ([a] if weight else []) + ([torch.ones(len(a), 1)] if bias else [])
    return torch.cat(parts, 1)

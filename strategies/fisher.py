"""The diagonal of the Fisher information: how much each parameter matters for what the model says."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from strategies.gradient_sizes import sum_of_sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from strategies.batch import Examples
    from strategies.network import Network
    from strategies.objective import Objective
    from strategies.options.ewc import FisherKind


def diagonal_fisher(
    network: Network, objective: Objective, *, seen: Examples, kind: FisherKind, generator: np.random.Generator
) -> Tensor:
    """Return the mean over rows of the squared per-example gradient of log p(y|x), ``(parameters,) float32``.

    ``seen`` are rows with ``x`` as the network sees it. ``exact`` takes the expectation over the model's own
    labels, ``sampled`` draws one of them a row, ``empirical`` takes the true ones (van de Ven 2025,
    arXiv 2502.11756). The square of a mini-batch's mean gradient, which others use, underestimates by about the
    batch size and is not offered.
    """
    scores = partial(score_gradients, y=seen.y, objective=objective, kind=kind, generator=generator)
    total = sum_of_sizes(network, x=seen.x, task=seen.task, deltas=scores, size=torch.square)
    return total.div_(max(len(seen), 1))


def score_gradients(
    outputs: Tensor,
    *,
    rows: slice,
    y: Tensor,
    objective: Objective,
    kind: FisherKind,
    generator: np.random.Generator,
) -> Iterator[Tensor]:
    """Yield gradients δ on the outputs ``(rows, outputs)``: the sum of δδᵀ is a row's Fisher on its outputs.

    ``rows`` of ``y`` are the labels that belong to the outputs.
    """
    y = y[rows]
    count, width = outputs.shape
    if kind == "empirical":
        yield objective.loss(outputs, y)[1] * count
    elif not objective.classification:
        # The score of a unit Gaussian is its standardised residual, whose mean square is one.
        exact = kind == "exact"
        yield torch.ones_like(outputs) if exact else _like(outputs, generator.standard_normal(count * width))
    elif kind == "exact":
        probability = torch.softmax(outputs, 1)
        for label in range(width):
            delta = objective.loss(outputs, y.new_full((count,), label))[1] * count
            yield delta * probability[:, label : label + 1].sqrt()
    else:
        cumulative = torch.softmax(outputs, 1).double().cumsum(1)
        draw = _like(outputs[:, :1], generator.random(count)).double() * cumulative[:, -1:]
        yield objective.loss(outputs, (cumulative <= draw).sum(1).clamp_(max=width - 1))[1] * count


def _like(outputs: Tensor, values: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(values).to(outputs.dtype).view(outputs.shape)

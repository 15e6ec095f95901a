"""Whether a network can still learn: how many of its units are silent, and how much its features tell apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import torch

from strategies.layer_traces import traceable_layers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from strategies.network import Network

DORMANT: Final = 0.025
"""τ: the share of its layer's mean activity at or below which a unit is dormant."""


@dataclass(frozen=True, slots=True)
class Plasticity:
    """Of a network at one moment, on some rows. Layers are called as the module calls them."""

    dormant: Mapping[str, float]
    """By the layer that takes the units' activations: the share of them that is dormant, 0 to 1."""
    effective_rank: float | None
    """Of the features that the last layer takes; None where there is no hidden layer."""
    weight_norm: Mapping[str, float]
    """By layer: the Euclidean norm of its parameters."""
    gradient_norm: Mapping[str, float]
    """By layer that learns: the Euclidean norm of its part of the newest gradient."""

    @classmethod
    @torch.no_grad()
    def of(cls, network: Network, x: Tensor, task: Tensor) -> Plasticity | None:
        """Measure on rows ``(rows, features)`` as the network sees them; None where its layers cannot be traced."""
        layers = traceable_layers(network)
        if layers is None:
            return None
        taken: dict[str, Tensor] = {}

        def keep(name: str, _layer: Any, args: tuple[Tensor, ...]) -> None:
            taken[name] = args[0].detach().clone()

        hooks = [layer.register_forward_pre_hook(partial(keep, name[:-1])) for name, layer in layers.items()]
        try:
            network.module.eval()
            network.call(x, task)
        finally:
            for hook in hooks:
                hook.remove()
        # What the first layer takes are the inputs.
        hidden = dict(list(taken.items())[1:])
        features = next(reversed(hidden.values()), None)
        return cls(
            dormant={name: dormant_share(units) for name, units in hidden.items()},
            effective_rank=None if features is None else effective_rank(features.flatten(1)),
            weight_norm={
                name[:-1]: sum(float(part.square().sum()) for part in layer.parameters()) ** 0.5
                for name, layer in layers.items()
            },
            gradient_norm=_norms(network.views(network.gradient), [name[:-1] for name in layers]),
        )


def _norms(views: Mapping[str, Tensor], layers: Sequence[str]) -> dict[str, float]:
    squares: dict[str, float] = {}
    for name, view in views.items():
        layer = name.rpartition(".")[0]
        if layer in layers:
            squares[layer] = squares.get(layer, 0.0) + float(view.square().sum())
    return {layer: square**0.5 for layer, square in squares.items()}


def dormant_share(activations: Tensor) -> float:
    """Return the share of τ-dormant units of ``activations`` ``(rows, units)`` or ``(rows, units, ...)``.

    Sokar et al. 2023 (The dormant neuron phenomenon in deep reinforcement learning, eq. 1): a unit's mean size
    of activation, divided by the mean over its layer, is at most ``DORMANT``. Of a layer without any activity, all
    are.

    >>> dormant_share(torch.tensor([[1.0, 0.0, 0.01], [3.0, 0.0, 0.01]]))
    0.6666666865348816
    """
    size = activations.abs().transpose(0, 1).flatten(1).mean(1)
    return float((size <= DORMANT * size.mean()).float().mean())


def effective_rank(features: Tensor) -> float:
    """Return the effective rank of ``features`` ``(rows, units)``: 1 to the number of units, 0 of nothing.

    Roy & Vetterli 2007 (The effective rank, eq. 5): the exponential of the entropy of the singular values, which
    are divided by their sum.

    >>> round(effective_rank(torch.eye(3)), 3), round(effective_rank(torch.ones(4, 3)), 3)
    (3.0, 1.0)
    """
    values = torch.linalg.svdvals(features.double())
    total = float(values.sum())
    if not 0 < total < float("inf"):
        return 0.0
    share = values[values > 0] / total
    return float(torch.exp(-(share * share.log()).sum()))

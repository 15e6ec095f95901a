"""From parameters that compute a function on one scale to those that compute it on another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from strategies.end_layers import first_layers, join, last_layers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from strategies.network import Network
    from strategies.scaler import ScaleChange


class Recast:
    """Moves every point in the space of parameters along with the scales of inputs and outputs.

    With old inputs = a · new + c, a first layer W x + b becomes (W·a) x + (b + W c); with old outputs =
    g · new + h, the last one becomes W/g and (b - h)/g. Then f(x) is what it was, for the model and for all that
    remembers parameters: anchors, averages, teachers. What is quadratic in a parameter's distance, such as an
    importance, is divided by the square of the parameter's factor, so that penalties stay; that c moves weight and
    bias together is left out there.
    """

    def __init__(
        self, network: Network, *, inputs: ScaleChange | None = None, outputs: ScaleChange | None = None
    ) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self._network = network
        self._first = (first_layers(network.module) or []) if inputs is not None else []
        self._last = (last_layers(network.module) or []) if outputs is not None else []

    def move(self, point: Tensor) -> None:
        """Change a vector of parameters ``(parameters,) float32`` in place."""
        views = self._network.views(point)
        for name in self._first:
            weight, bias = _of(name, views)
            if weight is not None and self.inputs is not None:
                _move_first(weight, bias, self.inputs)
        for name in self._last:
            weight, bias = _of(name, views)
            if weight is not None and self.outputs is not None:
                _move_last(weight, bias, self.outputs)

    def move_fixed(self) -> None:
        """Change the first layers that do not learn, which no vector holds, in the module itself."""
        fixed = {n: p.detach() for n, p in self._network.module.named_parameters() if not p.requires_grad}
        for name in self._first:
            weight, bias = _of(name, fixed)
            if weight is not None and self.inputs is not None:
                _move_first(weight, bias, self.inputs)

    def factors(self) -> Tensor:
        """Return by what each parameter is multiplied ``(parameters,) float32``."""
        factors = torch.ones_like(self._network.parameters)
        views = self._network.views(factors)
        for name in self._first:
            weight, _ = _of(name, views)
            if weight is not None and self.inputs is not None:
                weight.mul_(self.inputs.factor)
        for name in self._last:
            for part in _of(name, views):
                if part is not None and self.outputs is not None:
                    part.div_(self.outputs.factor)
        return factors

    def of_layer(self, name: str) -> tuple[ScaleChange | None, ScaleChange | None]:
        """Return how the inputs and the outputs of the layer of this name change."""
        return (
            self.inputs if name in self._first else None,
            self.outputs if name in self._last else None,
        )


def carries_inputs(network: Network) -> bool:
    """Tell whether a change of the inputs' scale can be carried into the first layers, for every point alike."""
    return _are_whole(network, first_layers(network.module), fixed=True)


def carries_outputs(network: Network) -> bool:
    """Tell whether a change of the outputs' scale can be carried into the last layers."""
    return _are_whole(network, last_layers(network.module), fixed=False)


def _are_whole(network: Network, names: list[str] | None, *, fixed: bool) -> bool:
    """Tell whether each layer has a bias, and learns as a whole or, where that may be ``fixed``, not at all."""
    learning = {name: parameter.requires_grad for name, parameter in network.module.named_parameters()}
    for name in names or ():
        parts = {learning.get(join(name, part)) for part in ("weight", "bias")}
        if parts != {True} and not (fixed and parts == {False}):
            return False
    return bool(names)


def _of(name: str, tensors: Mapping[str, Tensor]) -> tuple[Tensor | None, Tensor | None]:
    return tensors.get(join(name, "weight")), tensors.get(join(name, "bias"))


def _move_first(weight: Tensor, bias: Tensor | None, change: ScaleChange) -> None:
    assert bias is not None
    bias.addmv_(weight, change.offset)
    weight.mul_(change.factor)


def _move_last(weight: Tensor, bias: Tensor | None, change: ScaleChange) -> None:
    assert bias is not None
    bias.sub_(change.offset).div_(change.factor)
    weight.div_(change.factor.unsqueeze(1))

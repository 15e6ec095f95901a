"""Where the parameters of a layer lie in the vector of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from strategies.layer_traces import traceable_layers

if TYPE_CHECKING:
    from torch import Tensor

    from strategies.network import Network


@dataclass(frozen=True, slots=True)
class LayerBlock:
    """A layer's trainable parameters as a matrix ``(outputs, inputs)``; a bias is its last column."""

    outputs: int
    weights: int
    """Columns of the weights; 0 where they are frozen."""
    weight_start: int
    bias_start: int
    """-1 where no bias is trainable."""

    def take(self, vector: Tensor) -> Tensor:
        """Return the layer's part of a vector ``(parameters,)``, as a copy."""
        weight, bias = self._views(vector)
        return weight.clone() if bias is None else torch.cat([weight, bias], 1)

    def subtract(self, vector: Tensor, matrix: Tensor) -> None:
        """Subtract a matrix ``(outputs, inputs)`` from the layer's part of a vector, in place."""
        weight, bias = self._views(vector)
        weight.sub_(matrix[:, : self.weights])
        if bias is not None:
            bias.sub_(matrix[:, self.weights :])

    def _views(self, vector: Tensor) -> tuple[Tensor, Tensor | None]:
        size = self.outputs * self.weights
        weight = vector[self.weight_start : self.weight_start + size].view(self.outputs, self.weights)
        if self.bias_start < 0:
            return weight, None
        return weight, vector[self.bias_start : self.bias_start + self.outputs].unsqueeze(1)


def layer_blocks(network: Network) -> dict[str, LayerBlock]:
    """Return the blocks of all layers by the prefix of their parameters' names; none where they can't be traced."""
    views = network.views(torch.zeros_like(network.parameters))
    starts = {name: int(view.storage_offset()) for name, view in views.items()}
    blocks = {}
    for prefix, layer in (traceable_layers(network) or {}).items():
        weight_start, bias_start = starts.get(f"{prefix}weight"), starts.get(f"{prefix}bias", -1)
        outputs = layer.weight.shape[0]
        weights = 0 if weight_start is None else layer.weight.numel() // outputs
        blocks[prefix] = LayerBlock(outputs, weights, weight_start or 0, bias_start)
    return blocks

"""Layers whose weights are fixed, with a trainable correction of low rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from strategies.adapters.layers import put_to_rest

if TYPE_CHECKING:
    from torch import Tensor


class LoraLayer(nn.Module):
    """f(x) + s·B(A(x)), with f a layer at rest; A starts at random and B at zero, so that it starts as f.

    A product with A and one with B take less time than a step's W + s·BA would.
    """

    uses_layers_once = True

    def __init__(self, layer: nn.Module, down: nn.Module, up: nn.Linear | nn.Conv2d, *, scale: float) -> None:
        super().__init__()
        nn.init.zeros_(up.weight)
        put_to_rest(layer)
        self.at_rest_layer = layer
        self.lora_down = down
        self.lora_up = up
        self.lora_scale: Tensor
        self.register_buffer("lora_scale", torch.tensor(scale))

    def forward(self, x: Tensor) -> Tensor:
        """Return the layer's output and the correction."""
        return torch.addcmul(self.at_rest_layer(x), self.lora_up(self.lora_down(x)), self.lora_scale)


def lora_linear(layer: nn.Linear, *, rank: int, alpha: float) -> LoraLayer:
    """Return a linear layer with a correction of at most this rank; A is initialised as a linear layer is."""
    rank = min(rank, layer.in_features, layer.out_features)
    down = nn.Linear(layer.in_features, rank, bias=False)
    return LoraLayer(layer, down, nn.Linear(rank, layer.out_features, bias=False), scale=alpha / rank)


def lora_convolution(layer: nn.Conv2d, *, rank: int, alpha: float) -> LoraLayer:
    """Return a convolution with a correction: A is one of the same shape to ``rank`` channels, and B is 1x1."""
    inputs = layer.weight[0].numel()
    rank = min(rank, inputs, layer.out_channels)
    down = nn.Conv2d(
        layer.in_channels,
        rank,
        (layer.kernel_size[0], layer.kernel_size[1]),
        stride=(layer.stride[0], layer.stride[1]),
        padding=layer.padding if isinstance(layer.padding, str) else (layer.padding[0], layer.padding[1]),
        dilation=(layer.dilation[0], layer.dilation[1]),
        bias=False,
        padding_mode=layer.padding_mode,
    )
    return LoraLayer(layer, down, nn.Conv2d(rank, layer.out_channels, 1, bias=False), scale=alpha / rank)


def merged(weight: Tensor, *, down: Tensor, up: Tensor, scale: Tensor) -> Tensor:
    """Return W + s·BA in the form of W, for linear layers and convolutions; computed in float64."""
    product = up.double().flatten(1) @ down.double().flatten(1)
    return (weight.double() + scale.double() * product.view_as(weight)).to(weight.dtype)

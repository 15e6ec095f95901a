"""A multi-layer perceptron."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

from torch import nn

from strategies.options.models.mlp import MlpOptions


class Mlp(nn.Sequential):
    """Linear layers with ReLU between them ``(rows, features) → (rows, outputs)``."""

    Options: ClassVar[type[MlpOptions]] = MlpOptions

    def __init__(self, options: MlpOptions, *, features: int, outputs: int) -> None:
        widths = (features, *options.hidden)
        layers: list[nn.Module] = []
        for width, following in pairwise(widths):
            layers += [nn.Linear(width, following), nn.ReLU()]
        super().__init__(*layers, nn.Linear(widths[-1], outputs))

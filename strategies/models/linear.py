"""A linear model."""

from __future__ import annotations

from typing import ClassVar

from torch import nn

from strategies.options.models.linear import LinearOptions


class Linear(nn.Sequential):
    """One linear layer ``(rows, features) → (rows, outputs)``, starting at zero: logistic or linear regression."""

    Options: ClassVar[type[LinearOptions]] = LinearOptions

    def __init__(self, options: LinearOptions, *, features: int, outputs: int) -> None:
        del options
        layer = nn.Linear(features, outputs)
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
        super().__init__(layer)

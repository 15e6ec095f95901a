"""A multi-layer perceptron."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from torch import nn

from strategies.models.options import ModelOptions

Width = Annotated[int, Field(ge=1, le=65_536)]


class MlpOptions(ModelOptions):
    """A multi-layer perceptron."""

    type: Literal["mlp"] = "mlp"
    hidden: tuple[Width, ...] = Field((64, 64), min_length=1, description="Widths of the hidden layers.")


class Mlp(nn.Sequential):
    """Linear layers with ReLU between them ``(rows, features) → (rows, outputs)``."""

    Options: ClassVar[type[MlpOptions]] = MlpOptions

    def __init__(self, options: MlpOptions, *, features: int, outputs: int) -> None:
        widths = (features, *options.hidden)
        layers: list[nn.Module] = []
        for width, following in pairwise(widths):
            layers += [nn.Linear(width, following), nn.ReLU()]
        super().__init__(*layers, nn.Linear(widths[-1], outputs))

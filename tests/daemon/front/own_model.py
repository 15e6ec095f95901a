"""A model of a user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from torch import nn

from strategies.options.models.model import ModelOptions

if TYPE_CHECKING:
    from torch import Tensor


class OwnOptions(ModelOptions):
    """There are none."""


class Own(nn.Module):
    Options: ClassVar[type[OwnOptions]] = OwnOptions

    def __init__(self, options: OwnOptions, *, features: int, outputs: int) -> None:
        super().__init__()
        self.layer = nn.Linear(features, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x).tanh()

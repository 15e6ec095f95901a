"""The options of the convolutional network of windows."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from strategies.options.models.mlp import Width
from strategies.options.models.model import ModelOptions


class Cnn1dOptions(ModelOptions):
    """A small convolutional network for series."""

    type: Literal["cnn1d"] = "cnn1d"
    shape: tuple[Width, Width] = Field((1, 128), description="Channels and length of a window.")
    channels: tuple[Width, ...] = Field(
        (32, 64), min_length=1, description="Channels of each convolution; each halves the length."
    )
    kernel: int = Field(5, ge=1, description="Width of each convolution; must be odd.")
    hidden: Width = Field(128, description="Width of the fully connected layer.")

    @field_validator("kernel")
    @classmethod
    def _odd(cls, kernel: int) -> int:
        if kernel % 2 == 0:
            raise ValueError(f"kernel must be odd, so that it has a middle; take {kernel + 1}")
        return kernel

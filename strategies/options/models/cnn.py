"""The options of the convolutional network of images."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from strategies.options.models.mlp import Width
from strategies.options.models.model import ModelOptions


class CnnOptions(ModelOptions):
    """A small convolutional network."""

    type: Literal["cnn"] = "cnn"
    shape: tuple[int, int, int] = Field((1, 28, 28), description="Channels, height and width of an image.")
    channels: tuple[Width, ...] = Field(
        (32, 64), min_length=1, description="Channels of each 3x3 convolution; each halves height and width."
    )
    hidden: Width = Field(128, description="Width of the fully connected layer.")

"""The options of the spectral model."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from strategies.options.models.mlp import Width
from strategies.options.models.model import ModelOptions


class SpectralOptions(ModelOptions):
    """A perceptron on each channel's mean, variance and power spectrum."""

    type: Literal["spectral"] = "spectral"
    shape: tuple[Width, Width] = Field((1, 128), description="Channels and length of a window.")
    frequencies: Width = Field(
        64, description="Frequencies used of each channel, from the lowest up; at most half the window's length."
    )
    hidden: tuple[Width, ...] = Field((128,), min_length=1, description="Widths of the hidden layers.")

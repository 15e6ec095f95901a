"""The options of the linear model."""

from __future__ import annotations

from typing import Literal

from strategies.options.models.model import ModelOptions


class LinearOptions(ModelOptions):
    """A linear model has no options of its own."""

    type: Literal["linear"] = "linear"

"""The options of the multilayer perceptron."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from strategies.options.models.model import ModelOptions

Width = Annotated[int, Field(ge=1, le=65_536)]


class MlpOptions(ModelOptions):
    """A multi-layer perceptron."""

    type: Literal["mlp"] = "mlp"
    hidden: tuple[Width, ...] = Field((64, 64), min_length=1, description="Widths of the hidden layers.")

"""The options of LoRA."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from strategies.options import Options


class LoraOptions(Options):
    """Corrections of low rank to fixed weights."""

    type: Literal["lora"] = "lora"
    rank: int = Field(
        8, ge=1, le=65_536, description="r, the rank of a correction, at most the layer's smaller side."
    )
    alpha: Annotated[float, Field(gt=0)] | None = Field(
        None, description="α; corrections are scaled by α/r. Equal to r by default."
    )
    layers: Literal["all"] | Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        "all", description="Linear and convolution layers to correct: all, or names, in which * matches anything."
    )
    head: bool = Field(
        True,
        description="Train the last linear layer in full instead of correcting it: a new class needs new weights.",
    )

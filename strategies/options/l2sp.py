"""The options of the pull to the starting weights."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from strategies.options import LIVE, Options


class L2SpOptions(Options):
    """A pull towards the starting point."""

    type: Literal["l2sp"] = "l2sp"
    strength: float = Field(
        0.01, ge=0, description="α, the weight of the penalty; stable at any size.", json_schema_extra=LIVE
    )
    decoupled: bool = Field(
        False,
        description="Pull by the learning rate alone, as AdamW's weight decay does, and not by the optimizer's step"
        " size, which grows where gradients vanish: the pull stays weak where all is learned.",
    )
    weights: str | None = Field(
        None,
        description="Safetensors file with the weights to pull towards; by default the initial ones.",
    )

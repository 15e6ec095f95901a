"""The options of CLS-ER."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from strategies.options import LIVE
from strategies.options.buffer import BufferOptions


class ClsErOptions(BufferOptions):
    """Replay with a stable and a plastic average of the model; the stable one predicts."""

    type: Literal["cls_er"] = "cls_er"
    strength: float = Field(
        0.1,
        ge=0,
        description="λ, the weight of the distance to what the better of the two averages says of rehearsed rows.",
        json_schema_extra=LIVE,
    )
    stable_decay: float = Field(
        0.999, ge=0, lt=1, description="α of the stable average: what it keeps of itself at an update."
    )
    stable_frequency: float = Field(
        0.7, gt=0, le=1, description="Chance that a step updates the stable average; below that of the plastic one."
    )
    plastic_decay: float = Field(0.999, ge=0, lt=1, description="α of the plastic average.")
    plastic_frequency: float = Field(0.9, gt=0, le=1, description="Chance that a step updates the plastic average.")

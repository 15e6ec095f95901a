"""The options of learning without forgetting."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from strategies.options import LIVE
from strategies.options.consolidating import ConsolidatingOptions


class LwfOptions(ConsolidatingOptions):
    """Learning without forgetting."""

    type: Literal["lwf"] = "lwf"
    strength: float = Field(
        1.0,
        ge=0,
        description="λ, the weight of the distillation from the model of the last consolidation.",
        json_schema_extra=LIVE,
    )
    temperature: float = Field(
        2.0,
        gt=0,
        description="T, the temperature that divides the outputs before the softmax.",
        json_schema_extra=LIVE,
    )

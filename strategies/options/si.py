"""The options of synaptic intelligence."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from strategies.options import LIVE
from strategies.options.anchored import AnchoredOptions


class SiOptions(AnchoredOptions):
    """Synaptic intelligence."""

    type: Literal["si"] = "si"
    strength: float = Field(
        0.5, ge=0, description="c, the weight of the penalty; stable at any size.", json_schema_extra=LIVE
    )
    damping: float = Field(
        0.1,
        gt=0,
        description="ξ, which bounds the importance of parameters that have hardly moved.",
        json_schema_extra=LIVE,
    )

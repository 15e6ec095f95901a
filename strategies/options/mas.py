"""The options of memory aware synapses."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from strategies.options import LIVE
from strategies.options.anchored import AnchoredOptions


class MasOptions(AnchoredOptions):
    """Memory aware synapses."""

    type: Literal["mas"] = "mas"
    strength: float = Field(
        1.0, ge=0, description="λ, the weight of the penalty; stable at any size.", json_schema_extra=LIVE
    )
    sample_rows: int = Field(
        500, ge=1, description="Rows that importance is estimated on: a uniform sample of the current task."
    )

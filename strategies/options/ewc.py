"""The options of elastic weight consolidation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from strategies.options import LIVE
from strategies.options.anchored import AnchoredOptions

Curvature = Literal["diagonal", "kronecker"]
FisherKind = Literal["exact", "sampled", "empirical"]


class EwcOptions(AnchoredOptions):
    """Online elastic weight consolidation."""

    type: Literal["ewc"] = "ewc"
    strength: float = Field(
        10.0, ge=0, description="λ, the weight of the penalty; stable at any size.", json_schema_extra=LIVE
    )
    curvature: Curvature = Field(
        "diagonal",
        description="Importance per parameter (diagonal), or per layer as a Kronecker product, which retains far"
        " more and takes several times as long per step.",
    )
    fisher: FisherKind = Field(
        "exact",
        description="Labels that the Fisher information is estimated with: all, by their probability (exact), one"
        " drawn from the model's prediction (sampled), or the true one (empirical).",
        json_schema_extra=LIVE,
    )
    fisher_rows: int = Field(
        500,
        ge=1,
        description="Rows that the Fisher information is estimated on: a uniform sample of the current task.",
    )

"""The options of what holds parameters where they were."""

from __future__ import annotations

from pydantic import Field

from strategies.options import LIVE
from strategies.options.consolidating import ConsolidatingOptions


class AnchoredOptions(ConsolidatingOptions):
    """An anchor that moves at consolidations."""

    strength: float = Field(
        10.0, ge=0, description="The weight of the penalty; stable at any size.", json_schema_extra=LIVE
    )
    decay: float = Field(
        0.95,
        gt=0,
        le=1,
        description="γ, factor on the old importance at each consolidation; at 1 the model stiffens without end.",
        json_schema_extra=LIVE,
    )

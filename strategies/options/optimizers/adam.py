"""The options of Adam."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from strategies.options import LIVE
from strategies.options.optimizers.schedule import ScheduledOptions

Beta = Annotated[float, Field(ge=0, lt=1)]


class AdamOptions(ScheduledOptions):
    """Adam (Kingma & Ba, 2015); with weight decay, AdamW (Loshchilov & Hutter, 2019)."""

    type: Literal["adam"] = "adam"
    lr: float = Field(0.001, gt=0, description="Learning rate.", json_schema_extra=LIVE)
    betas: tuple[Beta, Beta] = Field(
        (0.9, 0.999), description="Decay of the first and second moments.", json_schema_extra=LIVE
    )
    eps: float = Field(
        1e-8,
        gt=0,
        description="Added to the square root of the second moment, for stability.",
        json_schema_extra=LIVE,
    )
    weight_decay: float = Field(
        0.0, ge=0, description="Decoupled weight decay, per step times lr.", json_schema_extra=LIVE
    )

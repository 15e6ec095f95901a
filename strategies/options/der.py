"""The options of dark experience replay."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from strategies.options import LIVE
from strategies.options.buffer import BufferOptions


class DerOptions(BufferOptions):
    """Dark experience replay."""

    type: Literal["der"] = "der"
    alpha: float = Field(
        0.5,
        gt=0,
        description="α, the weight of the distance to the outputs remembered with rehearsed rows.",
        json_schema_extra=LIVE,
    )


class DerPlusPlusOptions(DerOptions):
    """Dark experience replay with labels."""

    type: Literal["derpp"] = "derpp"  # type: ignore[assignment] # each type has its own name
    beta: float = Field(
        0.5, gt=0, description="β, the weight of the loss on the labels of rehearsed rows.", json_schema_extra=LIVE
    )

"""The options of experience replay."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from strategies.options import LIVE
from strategies.options.buffer import BufferOptions


class ReplayOptions(BufferOptions):
    """Experience replay from a bounded buffer."""

    type: Literal["replay"] = "replay"
    weight: Annotated[float, Field(gt=0)] | None = Field(
        None,
        description="Weight of the rehearsed rows' mean loss; by default each row counts as a fresh one.",
        json_schema_extra=LIVE,
    )
    asymmetric: bool = Field(
        False,
        description="ER-ACE: fresh rows do not push down classes that are absent from their micro-batch.",
        json_schema_extra=LIVE,
    )

"""The options of the closed form."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from strategies.options import LIVE, Options


class ClosedFormOptions(Options):
    """Ridge regression on random features of the inputs, solved from two sums; no row is kept or forgotten."""

    type: Literal["closed_form"] = "closed_form"
    features: int = Field(
        512,
        ge=0,
        le=16_384,
        description="Random ReLU features of the inputs, besides the inputs themselves; 0: none. Memory grows with"
        " their square.",
    )
    gain: float = Field(
        1.0,
        gt=0,
        description="Factor on the inputs of the random features: 1 where they are standardised, about 5 for pixels"
        " from 0 to 1.",
    )
    forgetting: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Factor on all sums at each event, such as 0.9995 where the world changes; 1: nothing is ever"
        " forgotten.",
        json_schema_extra=LIVE,
    )
    ridge: float = Field(
        1.0, gt=0, description="Squared length of the weights in the sum that is minimised.", json_schema_extra=LIVE
    )
    solve_every: int = Field(
        512,
        ge=1,
        description="Maximum events between two solutions; early ones come more often.",
        json_schema_extra=LIVE,
    )

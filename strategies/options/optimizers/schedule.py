"""How the learning rate of an optimizer changes over its steps."""

from __future__ import annotations

from math import cos, pi, sqrt
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from strategies.options import LIVE, Options


class ScheduleOptions(Options):
    """How the learning rate changes, counted in steps made."""

    type: Literal["constant", "cosine", "inverse_sqrt", "step"] = Field(
        "constant", description="How the rate falls after the warm-up."
    )
    warm_up: int = Field(0, ge=0, description="Steps in which the rate first rises linearly from floor to lr.")
    steps: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="cosine: steps to the floor; inverse_sqrt: steps to lr / √2; step: steps from fall to fall.",
    )
    factor: float = Field(0.5, gt=0, lt=1, description="step: factor on the rate at each fall.")
    floor: float = Field(0.0, ge=0, description="Lowest learning rate, which the schedule falls to.")
    cap: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Highest learning rate, whatever lr and the schedule say."
    )
    restart: Literal["never", "boundary"] = Field(
        "never", description="boundary: begin the schedule anew, with its warm-up, at each task boundary."
    )
    per_boundary: float = Field(
        1.0, gt=0, le=1, description="Factor on lr at each boundary, so that later tasks move the model less."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.type == "constant" and self.steps is not None:
            raise ValueError("a constant schedule has no steps; choose cosine, inverse_sqrt or step")
        if self.type != "constant" and self.steps is None:
            raise ValueError(f"a schedule of type {self.type} needs steps, its scale")
        if self.type != "step" and "factor" in self.model_fields_set:
            raise ValueError("factor belongs to a schedule of type step")
        if self.cap is not None and self.cap < self.floor:
            raise ValueError(f"cap {self.cap:g} lies below floor {self.floor:g}")
        return self

    def shape(self, step: int) -> float:
        """Return the share of the way from the floor up to lr that step number ``step`` (from 0) is made at.

        With k steps since the end of the warm-up and n = ``steps``, cosine is ½ (1 + cos πk/n) (Loshchilov & Hutter
        2017, eq. 5, one period), inverse_sqrt is 1 / √(1 + k/n) (Vaswani et al. 2017, eq. 3, where n is the
        warm-up), and step is factor^⌊k/n⌋.

        >>> [ScheduleOptions(type="step", steps=2, warm_up=2).shape(step) for step in range(7)]
        [0.5, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25]
        """
        if step < self.warm_up:
            return (step + 1) / self.warm_up
        k, n = step - self.warm_up, self.steps or 1
        if self.type == "cosine":
            return 0.5 * (1.0 + cos(pi * min(k / n, 1.0)))
        if self.type == "inverse_sqrt":
            return 1.0 / sqrt(1.0 + k / n)
        return float(self.factor ** (k // n)) if self.type == "step" else 1.0


class ScheduledOptions(Options):
    """Options of an optimizer whose learning rate follows a schedule."""

    lr: float = Field(gt=0, description="Learning rate.", json_schema_extra=LIVE)
    schedule: ScheduleOptions = Field(
        ScheduleOptions(),
        description="How the learning rate changes over the steps; constant by default.",
        json_schema_extra=LIVE,
    )

    @model_validator(mode="after")
    def _floor_below_lr(self) -> Self:
        if self.schedule.floor > self.lr:
            raise ValueError(f"schedule.floor {self.schedule.floor:g} lies above lr {self.lr:g}")
        return self

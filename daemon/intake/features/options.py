"""The stream features that a configuration may declare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from daemon.options import Duration, Section

Step = Annotated[int, Field(ge=1, le=1_000)]
TIME = "time"
"""The event's time, where a cyclic feature names its field; a data field of this name is not reached by it."""


class Lag(Section):
    """Earlier values of a field."""

    field: str = Field(description="A field of the events.")
    steps: tuple[Step, ...] = Field((1,), description="How many events back; one column for each.")


class Difference(Section):
    """How much a field has changed: its value minus an earlier one."""

    field: str = Field(description="A field of the events.")
    steps: Step = Field(1, description="How many events back the earlier value lies.")


class Cyclic(Section):
    """A quantity that comes round: sine and cosine of its phase."""

    field: str = Field(TIME, description="A field of the events, or time for the event's own time (UTC).")
    period: Duration = Field(
        description="Length of one cycle in the field's unit; for time in seconds, or 12h, hour, day, week, year."
    )


class Rolling(Section):
    """Statistics of a field's newest values, the present one included."""

    field: str = Field(description="A field of the events.")
    window: int = Field(ge=2, le=1_000, description="Number of newest values, the event's own among them.")
    statistics: tuple[Literal["mean", "deviation"], ...] = Field(
        ("mean", "deviation"), description="Mean and population standard deviation, or one of them."
    )


class Category(Section):
    """A field whose values are names and not amounts, such as a wind's direction or a machine's type."""

    max: int = Field(
        64,
        ge=1,
        le=4_096,
        description="Columns of values: the first so many that come have one each, all later ones share one.",
    )
    hash: Annotated[int, Field(ge=2, le=4_096)] | None = Field(
        None, description="Instead of max: columns that all values are spread over by a hash, such as 32."
    )
    missing: Literal["reject", "none", "category"] = Field(
        "reject",
        description="Where the value is absent or null: reject the event, set none of the columns, or count it as a"
        " category of its own.",
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.hash is not None and "max" in self.model_fields_set:
            raise ValueError("give either max, for a column per value, or hash")
        return self


class FeaturesSection(Section):
    """Features computed online from the stream; what lies before the first event counts as 0.

    With ``per_key``, memory holds about max_keys × (largest step or window) × (fields used) × 8 bytes.
    """

    per_key: bool = Field(False, description="Keep a history for each key; events without a key share one.")
    max_keys: int = Field(
        10_000, ge=1, description="Maximum keys remembered; the one unseen for longest is dropped."
    )
    logarithmic: tuple[str, ...] | Literal["all"] = Field(
        (),
        description="Fields whose value v is replaced by sign(v) ln(1 + |v|), also in features computed from them;"
        " for values that span orders of magnitude.",
    )
    lags: tuple[Lag, ...] = Field((), description="Earlier values of fields.")
    differences: tuple[Difference, ...] = Field(
        (), description="Value minus an earlier value; 0 where there is no earlier one."
    )
    label_lags: int = Field(
        0,
        ge=0,
        le=1_000,
        description="Number of previous labels used as features: two classes as -1 and 1, more as one-hot.",
    )
    categories: Mapping[str, Category] = Field(
        {},
        description="Fields of text, numbers or booleans whose values are categories: each value is a column of 0"
        " and 1.",
    )
    cyclic: tuple[Cyclic, ...] = Field((), description="Sine and cosine of a phase; 0 where the time is unknown.")
    hour: bool = Field(False, description="The hour of the event's time, 0 to 23 (UTC).")
    weekday: bool = Field(False, description="The weekday of the event's time, Monday 0 to Sunday 6 (UTC).")
    rolling: tuple[Rolling, ...] = Field((), description="Statistics of the newest values of fields.")
    drop: tuple[str, ...] = Field(
        (), description="Fields left out of the model's input; features computed from them stay."
    )

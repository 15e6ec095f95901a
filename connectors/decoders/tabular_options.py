"""The options of every decoder whose records have named fields."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from connectors.decoders.envelope_options import EnvelopeOptions
from connectors.decoders.imputer import MissingPolicy


class TabularOptions(EnvelopeOptions):
    """Base of the options of the decoders of named fields."""

    features: tuple[str, ...] | None = Field(
        None,
        description="Fields used as features, in this order; by default all numeric fields of the first event."
        " []: none, where the section features makes all of them of time and past.",
    )
    missing: MissingPolicy = Field(
        "reject",
        description="Replace an absent or null feature by zero, its mean or its last value; or reject the event.",
    )

    @model_validator(mode="after")
    def _features_make_sense(self) -> Self:
        names = self.features or ()
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"features names {twice[0]!r} twice; name each field once")
        if self.label in names:
            raise ValueError(f"the label {self.label!r} is also a feature, which gives the answer away")
        return self

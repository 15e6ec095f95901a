"""The options of what values mean: which stand for a missing one, and what is done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr, model_validator

from connectors.decoders.envelope_options import EnvelopeOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MissingPolicy = Literal["reject", "zero", "mean", "last"]
Marker = Annotated[StrictStr | StrictInt | StrictFloat, Field(union_mode="left_to_right")]


class FieldOptions(BaseModel):
    """What the values of one field mean."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    range: tuple[float, float] | None = Field(
        None, description="Least and greatest valid value; what lies outside is missing, and counted by field."
    )
    null_values: tuple[Marker, ...] = Field(
        (), description="Further values of this field that are read as missing: texts or numbers."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.range is not None and self.range[0] >= self.range[1]:
            raise ValueError(f"range goes from {self.range[0]:g} to {self.range[1]:g}; give the smaller one first")
        return self


class ValueOptions(EnvelopeOptions):
    """Base of the options of the decoders that know which values are none."""

    missing: MissingPolicy = Field(
        "reject",
        description="Replace an absent or null feature by zero, by its mean or by its last value, each of the"
        " accepted events before under the same key; or reject the event.",
    )
    null_values: tuple[Marker, ...] = Field(
        ("",),
        description="Texts and numbers read as missing in every field; a number in any spelling, also as text. The"
        " empty text always is.",
    )
    fields: dict[str, FieldOptions] = Field(
        default_factory=dict, description="What the values of single fields mean, by the fields' names."
    )
    first_events: int = Field(
        32,
        ge=1,
        le=10_000,
        description="Events (messages, where one holds several) looked at together, before the first is predicted:"
        " they show which fields there are and how far from zero values lie.",
    )
    first_seconds: float | None = Field(
        5.0,
        gt=0,
        description="Look at fewer first events where this long no others have come; null: wait for all of them.",
    )

    def nulls_of(self, name: str) -> Iterator[Marker]:
        """Yield the values that stand for a missing one in a field."""
        yield from self.null_values
        if name in self.fields:
            yield from self.fields[name].null_values

    @property
    def ranges(self) -> Mapping[str, tuple[float, float]]:
        """The valid range of every field that has one declared."""
        return {name: one.range for name, one in self.fields.items() if one.range is not None}

    @property
    def looks_first(self) -> bool:
        """Whether anything depends on what the first events are like together."""
        return True

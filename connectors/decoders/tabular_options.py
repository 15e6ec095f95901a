"""The options of every decoder whose records have named fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from connectors.decoders.value_options import ValueOptions

if TYPE_CHECKING:
    from collections.abc import Iterable


class TabularOptions(ValueOptions):
    """Base of the options of the decoders of named fields."""

    features: tuple[str, ...] | None = Field(
        None,
        description="Fields used as features, in this order; by default all numeric fields of the first events."
        " []: none, where the section features makes all of them of time and past.",
    )
    numbers: Literal["native", "text"] = Field(
        "native",
        description="Which fields count as numeric where features are not listed: those that hold numbers, or also"
        " those that hold numbers written as text.",
    )
    decimal: Literal[".", ","] = Field(".", description="Decimal sign of numbers that are written as text.")
    thousands: Literal[".", ",", " ", "'", "_"] | None = Field(
        None,
        description="Separator of groups of three digits in numbers that are written as text; none by default.",
    )

    _cells: tuple[str, ...] = PrivateAttr(())
    _target: str | None = PrivateAttr(None)

    @property
    def cells(self) -> tuple[str, ...]:
        """Fields whose values are wanted as text, beside features and all else."""
        return self._cells

    @property
    def named(self) -> frozenset[str]:
        """The fields that are something else than a feature."""
        return super().named | frozenset(self._cells)

    @property
    def no_features(self) -> frozenset[str]:
        """The fields that cannot be features: those that are something else, but for a target's value of now."""
        return self.named - {self._target} if self._target else self.named

    @property
    def target(self) -> str | None:
        """The field whose later value is predicted; None where labels come otherwise."""
        return self._target

    def with_target(self, name: str) -> Self:
        """Return the same options with a field as label that may be a feature too: its later value is predicted."""
        changed = self.model_copy(update={"label": name})
        changed._target = name  # noqa: SLF001 - of the same class
        return changed

    def of_labels(self, *, label: str | None) -> Self:
        """Return the same options for records that hold a label and nothing to be learned from."""
        return self.model_copy(update={"label": label, "task": None, "features": ()})

    def with_cells(self, names: Iterable[str]) -> Self:
        """Return the same options with other ``cells``."""
        changed = self.model_copy()
        changed._cells = tuple(names)  # noqa: SLF001 - of the same class
        return changed

    @model_validator(mode="after")
    def _features_make_sense(self) -> Self:
        names = self.features or ()
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"features names {twice[0]!r} twice; name each field once")
        if self.label in names:
            raise ValueError(f"the label {self.label!r} is also a feature, which gives the answer away")
        if self.thousands == self.decimal:
            raise ValueError(f"thousands and decimal are both {self.decimal!r}; they must differ")
        return self

"""What is predicted: a class or a number."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from connectors.name_length import MAX_NAME_BYTES
from daemon.intake.labels.later import OF_CLASSES, OF_NUMBERS, LaterLabel


class ClassLabel(LaterLabel):
    """The label is one of several classes."""

    type: Literal["class"] = "class"
    classes: tuple[str, ...] | None = Field(
        None,
        description="All class names, in order; without it, classes are added as they come, up to max_classes.",
    )
    max_classes: int = Field(
        16,
        ge=2,
        le=10_000,
        description="Maximum number of classes, and outputs of the model, where classes is not given.",
    )
    max_bytes: int = Field(
        MAX_NAME_BYTES,
        ge=1,
        le=65_536,
        description="Maximum length of a class's name in bytes of UTF-8, where classes does not list it; a longer"
        " one is rejected as too_large.",
    )
    trim: bool = Field(False, description="Leave out spaces around a label.")
    map: dict[str, str] = Field(
        default_factory=dict, description="Class that a label means, by the label as it is written (and trimmed)."
    )
    weights: Literal["equal", "balanced"] = Field(
        "equal",
        description="How much an event counts when the network learns: balanced, the more the rarer its class, as"
        " sum / (classes × count), at most 20. For recall of rare classes at the price of accuracy.",
    )
    top: int | None = Field(
        None,
        ge=1,
        description="Publish the probabilities of so many of the likeliest classes with each prediction; by default"
        " only that of the predicted one.",
    )

    @model_validator(mode="after")
    def _is_of_classes(self) -> Self:
        if self.target in OF_NUMBERS:
            raise ValueError(f"as: {self.target} is a number; set type: number")
        return self


class NumberLabel(LaterLabel):
    """The label is a number (regression)."""

    type: Literal["number"] = "number"
    standardise: bool = Field(True, description="Scale the target by its running mean and standard deviation.")
    coverage: float | None = Field(
        None,
        ge=0.5,
        le=0.99,
        description="Publish an interval with each prediction that holds this share of the labels, such as 0.9,"
        " whatever the stream does; none by default.",
    )

    @model_validator(mode="after")
    def _is_of_numbers(self) -> Self:
        if self.target in OF_CLASSES:
            raise ValueError(f"as: {self.target} is a class; set type: class")
        return self

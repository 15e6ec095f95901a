"""The section about anomalies: when an event is odd, and when that is told."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from daemon.options import Section


class AnomaliesSection(Section):
    """How odd the value of each event is beside what was predicted of it; not where labels are from: topic."""

    one_in: int = Field(
        500,
        ge=20,
        le=1_000_000,
        description="An event is odd where at most one in so many of its key's newest ones was as far from what was"
        " predicted of it.",
    )
    window: int = Field(
        5_000, ge=100, le=1_000_000, description="Newest events of a key that an event is compared with."
    )
    quiet: int = Field(
        30,
        ge=0,
        le=1_000_000,
        description="Events of a key without an odd one until the next odd one is a new anomaly, and counted.",
    )
    max_keys: int = Field(
        1_000,
        ge=1,
        description="Maximum keys remembered, about 16 × window bytes each; the one unseen for longest is dropped.",
    )

    @model_validator(mode="after")
    def _can_be_told(self) -> Self:
        if self.one_in > self.window + 1:
            raise ValueError(
                f"among {self.window} events none is one in {self.one_in}; give anomalies.window at least"
                f" {self.one_in - 1}"
            )
        return self

"""The section about the learners beside the main one."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from daemon.config.components import Component
from daemon.config.sections import LearnerSection
from daemon.options import Section
from strategies.options import Options as StrategyOptions

SHARED = ("batch", "linger_seconds", "threads")


class TwinSection(Section):
    """A reference learner, at a low duty cycle."""

    every_blocks: int = Field(
        32,
        ge=1,
        le=100_000,
        description="It takes part in every so many micro-batches, and in no other; at 1 in all of them.",
    )
    every_examinations: int = Field(
        4,
        ge=1,
        le=100_000,
        description="It is examined every so many times that the model is, and always at boundaries.",
    )


class ChallengerSection(Section):
    """Another learner on every event. What is not said here is as the main learner has it."""

    strategies: tuple[Annotated[StrategyOptions, Component("strategy")], ...] = Field(
        description="Its methods against forgetting, in order."
    )
    optimizer: Annotated[StrategyOptions, Component("optimizer")] | None = Field(
        None, description="How a gradient becomes a step; as the main learner's by default."
    )
    adapters: tuple[Annotated[StrategyOptions, Component("adapter")], ...] | None = Field(
        None, description="Changes of the model's architecture; as the main learner's by default, [] for none."
    )
    learner: LearnerSection = Field(
        LearnerSection(), description="Options that differ from the main learner's; batch cannot."
    )

    @field_validator("learner")
    @classmethod
    def _on_the_same_blocks(cls, learner: LearnerSection) -> LearnerSection:
        given = [name for name in SHARED if name in learner.model_fields_set]
        if given:
            raise ValueError(f"leave out {', '.join(given)}: the challenger has the main learner's micro-batches")
        return learner


class CompanionsSection(Section):
    """Learners beside the main one, with the same metrics: they tell what it is worth."""

    naive: TwinSection | None = Field(
        TwinSection(), description="The same model and optimizer without any strategy; null: none."
    )
    frozen: TwinSection | None = Field(
        TwinSection(), description="The model as it was at the first boundary, never trained again; null: none."
    )
    challenger: ChallengerSection | None = Field(
        None, description="Another list of strategies that learns every event beside the main one."
    )

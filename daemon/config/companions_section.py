"""The section about the companions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from daemon.config.components import Component
from daemon.config.sections import LearnerSection
from daemon.options import Section
from strategies.options import Options as StrategyOptions

SHARED = ("batch", "linger_seconds", "threads")


class BaselineSection(Section):
    """A companion that serves as a baseline: on every event, unless it is to cost less."""

    every_blocks: int = Field(
        1,
        ge=1,
        le=100_000,
        description="Process one micro-batch out of this many. Above 1 its scores on arrival are over other events"
        " than the main learner's, and the naive one learns fewer: no lead over it is shown.",
    )
    every_examinations: int = Field(
        1,
        ge=1,
        le=100_000,
        description="Evaluate it once per this many evaluations of the main learner, and at every boundary.",
    )


class FreshSection(Section):
    """A companion that learns every event, and forgets it all at the next boundary."""

    every_events: int | None = Field(
        50_000,
        ge=1_000,
        description="Begin anew after so many events too, where no boundary comes before; null: at boundaries.",
    )


class ChallengerSection(Section):
    """A companion on every event. What is not set here is as the main learner has it."""

    strategies: tuple[Annotated[StrategyOptions, Component("strategy")], ...] = Field(
        description="Its methods against forgetting, applied in order."
    )
    optimizer: Annotated[StrategyOptions, Component("optimizer")] | None = Field(
        None, description="How a gradient becomes a step; the main learner's optimizer by default."
    )
    adapters: tuple[Annotated[StrategyOptions, Component("adapter")], ...] | None = Field(
        None,
        description="Changes to the model's architecture; the main learner's adapters by default, [] for none.",
    )
    learner: LearnerSection = Field(
        LearnerSection(),
        description="Options that differ from the main learner's; batch, linger_seconds and threads cannot.",
    )

    @field_validator("learner")
    @classmethod
    def _on_the_same_blocks(cls, learner: LearnerSection) -> LearnerSection:
        given = [name for name in SHARED if name in learner.model_fields_set]
        if given:
            raise ValueError(f"leave out {', '.join(given)}: the challenger has the main learner's micro-batches")
        return learner


class CompanionsSection(Section):
    """Shadow models: given the same events as the main learner and scored like it, but answering nobody."""

    naive: BaselineSection | None = Field(
        BaselineSection(), description="The same model and optimizer without strategies; null: none."
    )
    frozen: BaselineSection | None = Field(
        BaselineSection(), description="The model as it was at the first boundary, never trained again; null: none."
    )
    fresh: FreshSection | None = Field(
        None,
        description="The main learner begun anew at every boundary: its lead on the newest events is the plasticity"
        " that the main learner has lost. Costs what the main learner costs; none by default.",
    )
    challenger: ChallengerSection | None = Field(
        None, description="A candidate with strategies of its own, which learns every event; none by default."
    )

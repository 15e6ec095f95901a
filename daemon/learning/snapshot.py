"""How the learners stand at one moment: immutable values, for all who tell of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from daemon.intake.features.key_slots import KnownKeys
from daemon.intake.labels.alone import ALONE
from daemon.scoring.learner_scores import LearnerScores
from strategies.buffer import Buffered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from daemon.intake.features.categories import CategoryCounts
    from daemon.scoring.age_scores import AgeScore
    from daemon.scoring.anomalies import AnomalyCounts
    from daemon.scoring.budget.snapshot import BudgetSnapshot
    from daemon.scoring.class_scores import ClassScore
    from daemon.scoring.estimated_accuracy import AccuracyEstimate
    from daemon.scoring.evaluator import Evaluator
    from daemon.scoring.intervals import IntervalScore
    from daemon.scoring.lead import Lead
    from daemon.scoring.prequential import Prequential
    from daemon.scoring.prequential_score import PrequentialScore
    from strategies.any_learner import AnyLearner
    from strategies.plasticity import Plasticity
    from strategies.strategy import Strategy

MAIN = "main"
"""The name of the main learner, among those of its companions."""

COMMITTEE = "committee"
"""The name of the committee's answers, among those of the companions."""

NO_CHANGE = "no_change"
"""The name of the no-change baseline, among those of the companions."""


@dataclass(frozen=True, slots=True)
class BufferSnapshot:
    """How many of the remembered rows are of which task and class, by code."""

    by_task: Mapping[int, int]
    by_class: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class StrategySnapshot:
    """What a strategy tells of itself."""

    gauges: Mapping[str, float]
    penalty: float | None
    """Of its anchor; None where it has none, or does not consolidate."""
    buffer: BufferSnapshot | None
    """None where it remembers no rows."""

    @classmethod
    def of(cls, strategy: Strategy, parameters: Tensor) -> Self:
        """Return how a strategy stands, with the learner's parameters ``(parameters,) float32``."""
        gauges = dict(strategy.gauges())
        return cls(
            gauges=gauges,
            penalty=strategy.penalty(parameters) if "consolidations" in gauges else None,
            buffer=BufferSnapshot(*strategy.composition()) if isinstance(strategy, Buffered) else None,
        )


@dataclass(frozen=True, slots=True)
class LearnerSnapshot:
    """The main learner, or a companion."""

    steps: int
    steps_rejected: int
    steps_left: int | None
    """Until the next boundary; None where they are not limited."""
    learning_rate: float | None
    """In the step to come; None where there is none."""
    parameters: int
    clipped_values: int
    """Values that were cut to ``learner.clip_values``."""
    strategies: Mapping[str, StrategySnapshot]
    scores: LearnerScores
    plasticity: Plasticity | None = None
    """As of the last evaluation of this process; None before it, and where layers cannot be traced."""

    @classmethod
    def of(
        cls,
        learner: AnyLearner,
        *,
        evaluator: Evaluator,
        prequential: Prequential,
        steps_left: int | None,
        learning_rate: float | None,
        names: Mapping[int, str],
    ) -> Self:
        """Return how a learner stands; ``names`` are those of all tasks, by code."""
        return cls(
            steps=learner.steps,
            steps_rejected=learner.rejected_steps,
            steps_left=steps_left,
            learning_rate=learning_rate,
            parameters=len(learner.parameters),
            clipped_values=learner.limited_values,
            strategies={
                name: StrategySnapshot.of(strategy, learner.parameters) for name, strategy in learner.strategies
            },
            scores=LearnerScores.of(evaluator.matrix, prequential, names, reference=evaluator.reference),
            plasticity=evaluator.plasticity,
        )


@dataclass(frozen=True, slots=True)
class CommitteeSnapshot:
    """Who is believed, and how good the answers are."""

    weights: Mapping[str, float]
    """By the expert's name; they add up to 1."""
    scores: LearnerScores
    """Of its answers; on what is held out, as ``ScoredCommittee`` says."""


@dataclass(frozen=True, slots=True)
class Leads:
    """Over whom, by name, and how far, on the events of the window that both have predicted.

    Whoever has not predicted all of them is not here: a companion that passes micro-batches by.
    """

    of_main: Mapping[str, Lead] = field(default_factory=dict)
    of_answers: Mapping[str, Lead] = field(default_factory=dict)
    """Of what is published: the committee's answers, or the main learner's where there is none."""


@dataclass(frozen=True, slots=True)
class LaterSnapshot:
    """What waits for labels, where these come later, and what has come of labels so far."""

    unlabelled: int
    """Events that wait for their label."""
    early: int
    """Labels that wait for their event."""
    bytes: int
    """Memory that they take."""
    outcomes: Mapping[str, int]
    """Of labels and of events that waited, in this and all earlier runs: see ``daemon.intake.later.found``."""
    delay_counts: tuple[int, ...]
    """Labels by delay: see ``DelayScores``; none before the first event."""
    delay_bounds: tuple[float, ...]
    """In seconds."""
    delay_seconds: float
    """The sum of all delays."""
    by_delay: Mapping[str, PrequentialScore]
    """How good the answers were, by the name of the delay's bound."""
    estimate: AccuracyEstimate | None = None
    """How good answers are whose labels have not come; None of numbers, and before the first answer."""


@dataclass(frozen=True, slots=True)
class PipelineSnapshot:
    """Everything between source and sinks."""

    events: int
    """Predicted so far, in this and all earlier runs."""
    waiting: int
    """Of them, predicted and not yet learned."""
    alarms: int
    """Of the drift detector, in this and all earlier runs."""
    newest_event_seconds: float | None
    """Event time, since 1970."""
    current_task: str | None
    features: Sequence[str]
    """Names of a row's columns; none before the first event."""
    classes: Sequence[str]
    """Names of the known classes, by index; none in regression."""
    tasks: Mapping[int, str]
    """Names of the known tasks, by code."""
    learners: Mapping[str, LearnerSnapshot]
    """By name, ``MAIN`` first; none before the first event."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Fields that were seen and are no features, and why."""
    held: int = 0
    """First events that are held back, until there are enough to look at."""
    keys: KnownKeys = field(default_factory=KnownKeys)
    tasks_merged: int = 0
    """Tasks that made room for another, and are a part of ``__other__``."""
    ages: tuple[AgeScore, ...] = ()
    """Of the main learner, on what came long ago, as of this process' latest evaluation; youngest first."""
    by_class: Mapping[str, ClassScore] = field(default_factory=dict)
    """How good the published answers are, by the name of the class; those that have come or were predicted."""
    budget: BudgetSnapshot | None = None
    """How the main learner is held to its retention budget; None where it has none, and before the first event."""
    committee: CommitteeSnapshot | None = None
    """None where the main learner answers alone, and before the first event."""
    leads: Leads = field(default_factory=Leads)
    later: LaterSnapshot | None = None
    """None where labels are in their events."""
    categories: Mapping[str, CategoryCounts] = field(default_factory=dict)
    """How far the vocabulary of each field of categories is used up."""
    intervals: Mapping[str, IntervalScore] = field(default_factory=dict)
    """How good the published intervals were on the newest events, by task; none where none are asked for."""
    anomalies: AnomalyCounts | None = None
    """None where nobody asks for them."""
    targets: Mapping[str, PipelineSnapshot] = field(default_factory=dict)
    """How it stands with each of several targets, by name; none where there is one label, told here."""

    def of_stream(self, *, waiting: int, targets: Mapping[str, PipelineSnapshot]) -> PipelineSnapshot:
        """Return what is the same for all ``targets``, of which this is one, together with them."""
        return PipelineSnapshot(
            events=self.events,
            waiting=waiting,
            alarms=self.alarms,
            newest_event_seconds=self.newest_event_seconds,
            current_task=self.current_task,
            features=self.features,
            classes=(),
            tasks=self.tasks,
            learners={},
            left_out=self.left_out,
            held=self.held,
            keys=self.keys,
            tasks_merged=self.tasks_merged,
            categories=self.categories,
            targets=targets,
        )

    @property
    def by_target(self) -> Mapping[str, PipelineSnapshot]:
        """What is told of each target, by name: this, as ``ALONE``, where there is one label."""
        return self.targets or {ALONE: self}

    @property
    def main(self) -> LearnerSnapshot | None:
        """The main learner; None before the first event."""
        return self.learners.get(MAIN)

"""Tells the outside how it stands with one label, or with one of several targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.learning.snapshot import COMMITTEE, MAIN, NO_CHANGE
from daemon.telemetry.comparison import comparisons
from daemon.telemetry.learner import LearnerTelemetry
from daemon.telemetry.status import advice_status, target_status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.learning.scored_learner import Tally
    from daemon.learning.snapshot import CommitteeSnapshot, PipelineSnapshot
    from daemon.scoring.learner_scores import LearnerScores
    from daemon.telemetry.advice import Advisor
    from daemon.telemetry.metrics.learner import LearnerMetrics
    from daemon.telemetry.metrics.target import TargetMetrics


class TargetTelemetry:
    """Shows a target's learners, what was published of it, and what is to be said of that."""

    def __init__(self, metrics: TargetMetrics, *, advisor: Advisor) -> None:
        self.advisor = advisor
        """Judges the answers when the loop has a new window of them."""
        self._metrics = metrics
        self._main = LearnerTelemetry(metrics.main)
        self._companions: dict[str, tuple[LearnerMetrics, LearnerTelemetry]] = {}

    def count_companions(self, tallies: Mapping[str, Tally]) -> None:
        """Count what companions did in a turn; what the main learner did is counted with the turn."""
        for name, tally in tallies.items():
            if name != MAIN:
                self._companion(name)[0].training.did(
                    steps=tally.steps,
                    steps_rejected=tally.steps_rejected,
                    steps_saved=tally.steps_saved,
                    loss=tally.loss,
                )

    def show(self, pipeline: PipelineSnapshot, *, at: float) -> None:
        """Show in the metrics how everything stands as of Unix time ``at``."""
        if pipeline.later is not None:
            self._metrics.labels.show(pipeline.later)
            if pipeline.later.estimate is not None:
                self._metrics.estimate.show(pipeline.later.estimate)
        self._metrics.categories.show(pipeline.categories)
        if pipeline.main is not None:
            self._show_tasks(pipeline, pipeline.main.scores, at=at)
            self._show_learners(pipeline, at=at)
            self._show_leads(pipeline)
        if pipeline.budget is not None:
            self._metrics.budget.show(pipeline.budget)
        if pipeline.committee is not None:
            self._show_committee(pipeline.committee, tasks=pipeline.tasks, at=at)
        self._metrics.advice.below(self.advisor.is_below())

    def status(self, pipeline: PipelineSnapshot) -> dict[str, Any]:
        """Return what ``/status`` shows of it."""
        advice = [advice_status(each) for each in self.advisor.given()]
        return {"advice": advice, **target_status(pipeline, matrix=self._main.matrix)}

    def _show_tasks(self, pipeline: PipelineSnapshot, scores: LearnerScores, *, at: float) -> None:
        self._metrics.strategies.classes_known(len(pipeline.classes))
        self._metrics.tasks.known(pipeline.tasks.values(), merged=pipeline.tasks_merged)
        self._metrics.ages.scored(pipeline.ages)
        self._metrics.intervals.scored(pipeline.intervals)
        self._metrics.tasks.current(pipeline.current_task, boundaries=scores.figures.boundaries)
        detected = self._main.last_happened("drift", pipeline.alarms, at=at)
        self._metrics.tasks.drift(alarms=pipeline.alarms, detected_seconds=detected)
        if pipeline.anomalies is not None:
            began = self._main.last_happened("anomaly", pipeline.anomalies.anomalies, at=at)
            self._metrics.anomalies.show(pipeline.anomalies, detected_seconds=began)
        self._companion(NO_CHANGE)[0].prequential.overall(
            score=scores.total.no_change_score,
            samples=scores.total.compared,
            window_score=scores.window.no_change_score,
            window_samples=scores.window.compared,
        )

    def _show_learners(self, pipeline: PipelineSnapshot, *, at: float) -> None:
        for name, learner in pipeline.learners.items():
            telemetry = self._main if name == MAIN else self._companion(name)[1]
            telemetry.show(learner, tasks=pipeline.tasks, classes=pipeline.classes, at=at)

    def _show_leads(self, pipeline: PipelineSnapshot) -> None:
        average = {name: of.average for name, of in comparisons(pipeline).items() if of.average is not None}
        self._metrics.leads.show(pipeline.leads.of_main, average=average)

    def _show_committee(self, committee: CommitteeSnapshot, *, tasks: Mapping[int, str], at: float) -> None:
        self._metrics.committee.weights(committee.weights)
        self._companion(COMMITTEE)[1].show_scores(committee.scores, tasks=tasks, at=at)

    def _companion(self, name: str) -> tuple[LearnerMetrics, LearnerTelemetry]:
        if name not in self._companions:
            metrics = self._metrics.beside(name)
            self._companions[name] = metrics, LearnerTelemetry(metrics)
        return self._companions[name]

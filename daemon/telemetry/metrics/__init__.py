"""Everything that ``/metrics`` shows. The loop tells it; the parts of the daemon never import it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from daemon.telemetry.metrics import (
    advice,
    age,
    anomalies,
    categories,
    checkpoints,
    committee,
    estimate,
    intervals,
    labels,
    lead,
    loop,
    plasticity,
    prequential,
    process,
    retention,
    serving,
    strategies,
    stream,
    tasks,
)
from daemon.telemetry.metrics.board import Board
from daemon.telemetry.metrics.learner import AllLearners, LearnerMetrics

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

AREAS = (
    loop,
    stream,
    labels,
    estimate,
    categories,
    strategies,
    plasticity,
    prequential,
    committee,
    intervals,
    anomalies,
    retention,
    age,
    lead,
    advice,
    tasks,
    checkpoints,
    serving,
    process,
)
"""The modules that declare ``FAMILIES``, in the order of ``docs/metrics.md``."""

OTHERS_BOUNDARIES = 16
"""Boundaries of the retention matrix that are shown of a companion."""


class Metrics:
    """One attribute per area; each method of an area becomes visible to scrapes as one moment.

    Methods take plain values and may be called from any thread. The bounds are those of the labels; figures beyond
    them share ``__other__``. ``started_seconds`` is Unix time.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        version: str,
        torch_version: str,
        started_seconds: float,
        max_tasks: int = 32,
        max_classes: int = 32,
        max_partitions: int = 64,
        max_boundaries: int = 64,
    ) -> None:
        board = Board(family for area in AREAS for family in area.FAMILIES)
        task_labels = board.labels("task", limit=max_tasks)
        self._learners = AllLearners(board)
        of_learner = partial(LearnerMetrics, tasks=task_labels, max_classes=max_classes)
        self._of_others = partial(of_learner, max_boundaries=min(max_boundaries, OTHERS_BOUNDARIES))
        main = of_learner(board, max_boundaries=max_boundaries)
        self.loop = loop.LoopMetrics(board)
        self.stream = stream.StreamMetrics(board, max_partitions=max_partitions)
        self.labels = labels.LabelMetrics(board)
        self.estimate = estimate.EstimateMetrics(board)
        self.categories = categories.CategoryMetrics(board)
        self.main = main
        self.strategies, self.prequential, self.retention = main.strategies, main.prequential, main.retention
        self.plasticity = main.plasticity
        self.committee = committee.CommitteeMetrics(board)
        self.ages = age.AgeMetrics(board)
        self.intervals = intervals.IntervalMetrics(board, tasks=task_labels)
        self.anomalies = anomalies.AnomalyMetrics(board)
        self.leads = lead.LeadMetrics(board)
        self.advice = advice.AdviceMetrics(board)
        self.tasks = tasks.TaskMetrics(board, tasks=task_labels)
        self.checkpoints = checkpoints.CheckpointMetrics(board)
        self.serving = serving.ServingMetrics(board)
        self.process = process.ProcessMetrics(
            board, version=version, torch_version=torch_version, started_seconds=started_seconds
        )
        registry.register(self._learners)

    def beside(self, learner: str) -> LearnerMetrics:
        """Return the areas of a companion, or of the no-change baseline; its series carry the label ``learner``."""
        return self._of_others(self._learners.add(learner))

"""What is told of one label, or of one of several targets."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from daemon.telemetry.metrics import (
    advice,
    age,
    anomalies,
    budget,
    categories,
    committee,
    estimate,
    intervals,
    labels,
    lead,
    loop,
    tasks,
)
from daemon.telemetry.metrics.learner import AllLearners, LearnerMetrics

if TYPE_CHECKING:
    from daemon.telemetry.metrics.board import Board

OTHERS_BOUNDARIES = 16
"""Boundaries of the retention matrix that are shown of a companion."""


class TargetMetrics:
    """An attribute per area."""

    def __init__(self, board: Board, *, max_tasks: int, max_classes: int, max_boundaries: int) -> None:
        self._bounds = {"max_tasks": max_tasks, "max_classes": max_classes, "max_boundaries": max_boundaries}
        task_labels = board.labels("task", limit=max_tasks)
        self.learners = AllLearners(board)
        """The collector of all of it."""
        of_learner = partial(LearnerMetrics, tasks=task_labels, max_classes=max_classes)
        self._of_others = partial(of_learner, max_boundaries=min(max_boundaries, OTHERS_BOUNDARIES))
        main = of_learner(board, max_boundaries=max_boundaries)
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
        self.budget = budget.BudgetMetrics(board, tasks=task_labels)
        self.leads = lead.LeadMetrics(board)
        self.advice = advice.AdviceMetrics(board)
        self.tasks = tasks.TaskMetrics(board, tasks=task_labels)

    def beside(self, learner: str) -> LearnerMetrics:
        """Return the areas of a companion, or of the no-change baseline; its series carry the label ``learner``."""
        return self._of_others(self.learners.add(learner))


class WorkingTargetMetrics(TargetMetrics):
    """The same of one of several targets, with what was done with events for it."""

    def __init__(self, board: Board, **bounds: int) -> None:
        super().__init__(board, **bounds)
        self.work = loop.WorkMetrics(board)

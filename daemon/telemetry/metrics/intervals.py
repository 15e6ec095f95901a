"""Whether the intervals around predicted numbers hold what they promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.scoring.intervals import IntervalScore
    from daemon.telemetry.metrics.board import Board
    from daemon.telemetry.metrics.bounded_labels import BoundedLabels

COVERAGE = Family(
    "retaind_interval_coverage_ratio",
    "gauge",
    "Share of a task's newest labels that lay within the published interval; absent without label.coverage.",
    ("task",),
)
WIDTH = Family(
    "retaind_interval_mean_width",
    "gauge",
    "Mean width of a task's newest intervals that have two ends, in the label's units.",
    ("task",),
)
UNBOUNDED = Family(
    "retaind_interval_unbounded_ratio",
    "gauge",
    "Share of a task's newest intervals that have no ends: after a change, until enough is known again.",
    ("task",),
)
FAMILIES = (COVERAGE, WIDTH, UNBOUNDED)


class IntervalMetrics:
    """Shows the intervals of each task."""

    def __init__(self, board: Board, *, tasks: BoundedLabels) -> None:
        self._board = board
        self._tasks = tasks

    def scored(self, scores: Mapping[str, IntervalScore]) -> None:
        """Show exactly these tasks."""
        with self._board.tell() as now:
            places = {now.place(self._tasks, task): each for task, each in scores.items()}
            places.pop(self._tasks.other, None)  # scores of several tasks cannot be added up
            now.replace(COVERAGE, {place: each.coverage for place, each in places.items()})
            now.replace(WIDTH, {place: each.width for place, each in places.items()})
            now.replace(UNBOUNDED, {place: each.unbounded for place, each in places.items()})

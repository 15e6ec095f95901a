"""How good answers are estimated to be whose labels have not come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from daemon.scoring.estimated_accuracy import AccuracyEstimate
    from daemon.telemetry.metrics.board import Board

ESTIMATE = Family(
    "retaind_estimated_accuracy",
    "gauge",
    "An estimate, by how sure they are, of the accuracy of the newest answers, before their labels come; absent"
    " where labels are in the events, and of numbers.",
    unit="score",
)
ANSWERS = Family("retaind_estimated_accuracy_samples", "gauge", "Answers behind it.", unit="samples")
ERROR = Family(
    "retaind_estimated_accuracy_error",
    "gauge",
    "What was estimated of the newest answers whose labels have come, less what their accuracy was.",
    unit="score",
)
FAMILIES = (ESTIMATE, ANSWERS, ERROR)


class EstimateMetrics:
    """Shows the estimate, and how far off it was."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def show(self, estimate: AccuracyEstimate) -> None:
        """Show it; how far off it was is absent until labels come."""
        then, was = estimate.estimated_then, estimate.was
        with self._board.tell() as now:
            now.set(ESTIMATE, estimate.accuracy)
            now.set(ANSWERS, estimate.answers)
            now.set(ERROR, None if then is None or was is None else then - was)

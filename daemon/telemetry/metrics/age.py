"""What the model still knows of what came long ago."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.scoring.age_scores import AgeScore
    from daemon.telemetry.metrics.board import Board

NOW = Family(
    "retaind_retention_age_score",
    "gauge",
    "Score now on held-out rows that are at least so old.",
    ("age",),
    unit="score",
)
WHEN_NEW = Family(
    "retaind_retention_age_score_when_new",
    "gauge",
    "Score of what was said of the rows of retaind_retention_age_score when they came.",
    ("age",),
    unit="score",
)
SAMPLES = Family(
    "retaind_retention_age_samples", "gauge", "Rows behind retaind_retention_age_score.", ("age",), unit="samples"
)
FAMILIES = (NOW, WHEN_NEW, SAMPLES)


class AgeMetrics:
    """Shows the scores by age, of the main learner; the ages are few and fixed."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def scored(self, scores: Sequence[AgeScore]) -> None:
        """Show exactly these ages."""
        with self._board.tell() as now:
            now.replace(NOW, {(each.age,): each.now for each in scores})
            now.replace(WHEN_NEW, {(each.age,): each.when_new for each in scores})
            now.replace(SAMPLES, {(each.age,): each.samples for each in scores})

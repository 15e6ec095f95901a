"""The score of predictions made on arrival: test, then train (Dawid 1984; Gama et al. 2013)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.telemetry.metrics.board import Board
    from daemon.telemetry.metrics.bounded_labels import BoundedLabels

_KAPPA = "(score - no-change score) / (1 - no-change score): above 0 beats repeating the last label"

SCORE = Family(
    "retaind_prequential_score",
    "gauge",
    "Score of all predictions so far: accuracy, or in regression R2 clipped at -1.",
    unit="score",
)
WINDOW_SCORE = Family(
    "retaind_prequential_window_score",
    "gauge",
    "Score of the last retention.window predictions: accuracy, or in regression R2 clipped at -1.",
    unit="score",
)
SAMPLES = Family(
    "retaind_prequential_samples", "gauge", "Predictions in retaind_prequential_score.", unit="samples"
)
WINDOW_SAMPLES = Family(
    "retaind_prequential_window_samples",
    "gauge",
    "Predictions in retaind_prequential_window_score.",
    unit="samples",
)
KAPPA = Family("retaind_prequential_kappa", "gauge", f"{_KAPPA}, all predictions so far.")
WINDOW_KAPPA = Family("retaind_prequential_window_kappa", "gauge", f"{_KAPPA}, over the last events.")
TASK_SCORE = Family(
    "retaind_prequential_task_score", "gauge", "Score of all predictions of a task so far.", ("task",), unit="score"
)
TASK_SAMPLES = Family(
    "retaind_prequential_task_samples",
    "gauge",
    "Predictions in retaind_prequential_task_score.",
    ("task",),
    unit="samples",
)
OVERALL = (SCORE, SAMPLES, KAPPA, WINDOW_SCORE, WINDOW_SAMPLES, WINDOW_KAPPA)
FAMILIES = (*OVERALL, TASK_SCORE, TASK_SAMPLES)


class PrequentialMetrics:
    """Shows prequential scores as they are in the state, so they continue across restarts."""

    def __init__(self, board: Board, *, tasks: BoundedLabels) -> None:
        self._board = board
        self._tasks = tasks

    def overall(
        self,
        *,
        score: float | None,
        samples: int,
        window_score: float | None,
        window_samples: int,
        kappa: float | None = None,
        window_kappa: float | None = None,
    ) -> None:
        """Show the scores over everything and over the window; None (undefined) is absent."""
        with self._board.tell() as now:
            now.set(SCORE, score)
            now.set(SAMPLES, samples)
            now.set(WINDOW_SCORE, window_score)
            now.set(WINDOW_SAMPLES, window_samples)
            now.set(KAPPA, kappa)
            now.set(WINDOW_KAPPA, window_kappa)

    def by_task(self, scores: Mapping[str, float | None], *, samples: Mapping[str, int]) -> None:
        """Show exactly these tasks."""
        with self._board.tell() as now:
            now.replace(TASK_SCORE, now.chosen(self._tasks, scores))
            now.replace(TASK_SAMPLES, now.summed(self._tasks, samples))

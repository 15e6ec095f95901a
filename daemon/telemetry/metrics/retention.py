"""What the model still knows of every task, and the matrix that says how it got there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.telemetry.metrics.board import Board
    from daemon.telemetry.metrics.bounded_labels import BoundedLabels

SCORE = Family("retaind_retention_score", "gauge", "Score now on the task's probe set.", ("task",), unit="score")
SAMPLES = Family(
    "retaind_retention_samples", "gauge", "Probes behind retaind_retention_score.", ("task",), unit="samples"
)
ERROR = Family(
    "retaind_retention_standard_error",
    "gauge",
    "Standard error of retaind_retention_score: how far off it may be, because it is of so few probes.",
    ("task",),
    unit="score",
)
SCORED = Family(
    "retaind_retention_scored_timestamp_seconds", "gauge", "When the probe sets were last scored.", unit="seconds"
)
MATRIX = Family(
    "retaind_retention_matrix",
    "gauge",
    "R[boundary, task]: score on the task's probe set after that boundary; the last boundaries only.",
    ("boundary", "task"),
    unit="score",
)
UNTRAINED = Family(
    "retaind_retention_untrained_score",
    "gauge",
    "b[task]: score of the untrained model on the task's probe set.",
    ("task",),
    unit="score",
)
FORGETTING = Family(
    "retaind_forgetting",
    "gauge",
    "Best score at an earlier boundary minus the score now, of a past task (Chaudhry et al. 2018).",
    ("task",),
    unit="score",
)
SUMMARY = {
    "average_score": Family(
        "retaind_average_score",
        "gauge",
        "Mean of retaind_retention_score over tasks (Lopez-Paz, Ranzato 2017).",
        unit="score",
    ),
    "backward_transfer": Family(
        "retaind_backward_transfer",
        "gauge",
        "Mean over past tasks of score now - R[own boundary, task]; below 0: forgetting (Lopez-Paz, Ranzato 2017).",
        unit="score",
    ),
    "forward_transfer": Family(
        "retaind_forward_transfer",
        "gauge",
        "Mean of R[boundary before, task] - b[task] (Lopez-Paz, Ranzato 2017).",
        unit="score",
    ),
    "forgetting": Family(
        "retaind_average_forgetting", "gauge", "Mean of retaind_forgetting over past tasks.", unit="score"
    ),
    "learning_accuracy": Family(
        "retaind_learning_accuracy",
        "gauge",
        "Mean of R[own boundary, task]: how well each task was learned.",
        unit="score",
    ),
    "min_acc": Family(
        "retaind_min_accuracy",
        "gauge",
        "Mean over earlier tasks of the lowest score since their own boundary (De Lange et al. 2023).",
        unit="score",
    ),
    "wc_acc": Family(
        "retaind_worst_case_accuracy",
        "gauge",
        "Score of the current task and retaind_min_accuracy, weighted 1/k and 1 - 1/k (De Lange et al. 2023).",
        unit="score",
    ),
}
"""By the name of the field in the figures of the retention matrix."""

REFERENCE = Family(
    "retaind_reference_score",
    "gauge",
    "Score on the reference rows that are never learned, as of the last evaluation.",
    unit="score",
)
REFERENCE_INITIAL = Family(
    "retaind_reference_initial_score",
    "gauge",
    "retaind_reference_score before anything was learned of the stream; minus the score now: what was lost.",
    unit="score",
)
REFERENCE_SAMPLES = Family(
    "retaind_reference_samples", "gauge", "Rows behind retaind_reference_score.", unit="samples"
)
REFERENCES = (REFERENCE, REFERENCE_INITIAL, REFERENCE_SAMPLES)
FAMILIES = (SCORE, SAMPLES, ERROR, SCORED, MATRIX, UNTRAINED, FORGETTING, *SUMMARY.values(), *REFERENCES)


class RetentionMetrics:
    """Shows retention as it is in the state. Undefined is absent, never zero."""

    def __init__(self, board: Board, *, tasks: BoundedLabels, max_boundaries: int) -> None:
        self._board = board
        self._tasks = tasks
        self._max_boundaries = max_boundaries

    def scored(
        self,
        scores: Mapping[str, float | None],
        *,
        samples: Mapping[str, int],
        errors: Mapping[str, float | None],
        forgetting: Mapping[str, float | None],
        summary: Mapping[str, float | None],
        at_seconds: float,
    ) -> None:
        """Show an evaluation at that Unix time: score, probes behind it, error and loss, of exactly these tasks.

        ``summary`` is by the keys of ``SUMMARY``; those not named are undefined.
        """
        assert summary.keys() <= SUMMARY.keys(), summary
        with self._board.tell() as now:
            now.replace(SCORE, now.chosen(self._tasks, scores))
            now.replace(SAMPLES, now.summed(self._tasks, samples))
            now.replace(ERROR, now.chosen(self._tasks, errors))
            now.replace(FORGETTING, now.chosen(self._tasks, forgetting))
            now.set(SCORED, at_seconds)
            for name, family in SUMMARY.items():
                now.set(family, summary.get(name))

    def matrix(
        self, rows: Mapping[int, Mapping[str, float | None]], *, untrained: Mapping[str, float | None]
    ) -> None:
        """Show R, by boundary number and then task, its newest rows only, and b."""
        newest = sorted(rows)[-self._max_boundaries :]
        with self._board.tell() as now:
            cells = {
                (str(boundary), *place): score
                for boundary in newest
                for place, score in now.chosen(self._tasks, rows[boundary]).items()
            }
            now.replace(MATRIX, cells)
            now.replace(UNTRAINED, now.chosen(self._tasks, untrained))

    def reference(self, score: float | None, *, initial: float | None, samples: int) -> None:
        """Show the score on rows from before the stream, now and before anything was learned of it."""
        with self._board.tell() as now:
            now.set(REFERENCE, score)
            now.set(REFERENCE_INITIAL, initial)
            now.set(REFERENCE_SAMPLES, samples)

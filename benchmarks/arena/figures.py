"""The figures of a course: the same computation for every learner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.literature.learning import mean
from daemon.scoring.no_change import NoChange
from daemon.scoring.prequential_score import class_score, class_terms, number_score, number_terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.arena.course import Course
    from benchmarks.arena.table import Table

LEAST_PROBABILITY = 1e-3
"""No probability counts as less in the log loss: a single row then costs at most 6.9, whoever was too sure."""


def figures(course: Course, table: Table) -> dict[str, float | None]:
    """Return the figures of all rows, by name; None where one is undefined."""
    retention = course.retention.figures()
    return {
        **(_class_figures(course, table) if table.classes else _number_figures(course, table)),
        "log_loss": None if course.likelihood is None else log_loss(course.likelihood),
        "final_accuracy": mean(course.retention.matrix()[-1]) if table.tasks else None,
        "forgetting": retention.forgetting if table.tasks else None,
        "backward_transfer": retention.backward_transfer if table.tasks else None,
        "seconds": course.seconds,
        "events_per_second": len(table) / course.seconds,
        **course.extra,
    }


def log_loss(likelihood: NDArray[np.float64]) -> float:
    """Return the mean negative logarithm of the probabilities ``(rows,)`` given to the true classes, in nats.

    >>> round(log_loss(np.array([1.0, 0.5, 0.0])), 3), round(float(np.log(2) + np.log(1000)) / 3, 3)
    (2.534, 2.534)
    """
    return float(-np.log(np.maximum(likelihood, LEAST_PROBABILITY)).mean())


def _class_figures(course: Course, table: Table) -> dict[str, float | None]:
    before = NoChange(classification=True).follow(table.y, key=table.key_codes)
    score = class_score(class_terms(course.answers, label=table.y, no_change=before).sum(0))
    return {"score": score.accuracy, "prequential_accuracy": score.accuracy, "kappa": score.kappa}


def _number_figures(course: Course, table: Table) -> dict[str, float | None]:
    origin = float(table.y[0])
    score = number_score(number_terms(course.answers, label=table.y, no_change=None, origin=origin).sum(0))
    return {"score": score.r2, "prequential_accuracy": None, "mae": score.mae}

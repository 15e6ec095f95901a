"""How good answers are on what was held out of every task."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from daemon.scoring.answered_rows import AnsweredRows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from daemon.scoring.probe_sets import ProbeSets

    Say = Callable[[NDArray[np.float32], int], NDArray[Any]]
    """Returns the answers ``(rows,)`` on rows ``(rows, features)`` of a task."""


@dataclass(frozen=True, slots=True)
class Probed:
    """An evaluation on all probe sets; the arrays are ``(max_tasks,)``."""

    scores: NDArray[np.float64]
    """NaN where undefined."""
    counts: NDArray[np.int64]
    """Rows behind each."""
    errors: NDArray[np.float64]
    """Standard error of each score, NaN where undefined."""
    answers: Mapping[int, AnsweredRows] = field(default_factory=dict)
    """What was said, by task; of those that have rows."""

    @classmethod
    def of_scores(cls, scores: NDArray[np.float64], counts: NDArray[np.int64]) -> Self:
        """Return an evaluation of which nothing but scores and counts is known."""
        return cls(scores, counts=counts, errors=np.full(len(scores), np.nan))


class ProbeScores:
    """Scores answers on the probe sets: accuracy, or R² in [-1, 1]."""

    def __init__(self, probes: ProbeSets, *, max_tasks: int) -> None:
        self._probes = probes
        self._max_tasks = max_tasks

    def of(self, task: int, say: Say) -> float | None:
        """Return the score on a task's set; None where it is empty."""
        answered = self._ask(task, say)
        return None if answered is None else answered.score

    def of_all(self, say: Say) -> Probed:
        """Return what is said of every task, and how good it is."""
        asked = {task: self._ask(task, say) for task in range(self._max_tasks)}
        answers = {task: answered for task, answered in asked.items() if answered is not None}
        scores, errors = np.full((2, self._max_tasks), np.nan)
        counts = np.zeros(self._max_tasks, dtype=np.int64)
        for task, answered in answers.items():
            scores[task], errors[task] = _or_nan(answered.score), _or_nan(answered.standard_error)
            counts[task] = len(answered.numbers)
        return Probed(scores, counts=counts, errors=errors, answers=answers)

    def _ask(self, task: int, say: Say) -> AnsweredRows | None:
        if not self._probes.count(task):
            return None
        x, y = self._probes.rows_of(task)
        labels: NDArray[Any] = y
        return AnsweredRows(self._probes.numbers_of(task).copy(), answers=say(x, task), labels=labels.copy())


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value

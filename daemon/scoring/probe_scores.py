"""How good answers are on what was held out of every task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.scoring.scores import accuracy, r2_clipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from daemon.scoring.probe_sets import ProbeSets

    Say = Callable[[NDArray[np.float32], int], NDArray[Any]]
    """Returns the answers ``(rows,)`` on rows ``(rows, features)`` of a task."""


class ProbeScores:
    """Scores answers on the probe sets: accuracy, or R² in [0, 1]."""

    def __init__(self, probes: ProbeSets, *, max_tasks: int, classification: bool) -> None:
        self._probes = probes
        self._max_tasks = max_tasks
        self._score = accuracy if classification else r2_clipped

    def of(self, task: int, say: Say) -> float | None:
        """Return the score on a task's set; None where it is empty."""
        if not self._probes.count(task):
            return None
        x, y = self._probes.rows_of(task)
        labels: NDArray[Any] = y
        return self._score(say(x, task), labels)

    def of_all(self, say: Say) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the score of every task, NaN where it has none, and the rows behind each ``(max_tasks,)``."""
        tasks = range(self._max_tasks)
        scores = [np.nan if (score := self.of(task, say)) is None else score for task in tasks]
        return np.array(scores), np.array([self._probes.count(task) for task in tasks], dtype=np.int64)

"""How well the model does the tasks that it has learned so far, on rows that never entered the stream."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from daemon.scoring.probe_scores import Probed
from daemon.scoring.retention import RetentionMatrix
from daemon.scoring.scores import accuracy, r2_clipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from numpy.typing import NDArray

    from benchmarks.literature.protocol import HeldOut, Stream
    from daemon.scoring.figures import Figures

    Answer = Callable[[NDArray[np.float32], str], NDArray[Any]]
    """From rows ``(rows, features)`` and the name of their task to what the model says of each."""

AHEAD = "next_task_accuracy"


class Evaluation:
    """Fills R at the end of every task, and keeps the scores for the daemon's own figures.

    All of R is on the same sample of each task's held-out rows, so that its figures compare like with like; only
    ``final`` is on all of them.
    """

    def __init__(self, stream: Stream, *, max_tasks: int, rows: int | None) -> None:
        self._stream = stream
        self._rows = rows
        self._max_tasks = max_tasks
        self._matrix = RetentionMatrix(max_tasks, max_boundaries=1_000)
        self.tasks: list[str] = list(stream.before)
        """Those from before the stream, then those of the stream in the order in which they ended first."""
        self._ahead: dict[str, float] = {}

    def task_ends(self, task: str, *, answer: Answer, events: int) -> None:
        """Evaluate the model on every task so far; ``task`` is the one that ends here."""
        if task not in self.tasks:
            self.tasks.append(task)
        scores, counts = np.full(self._max_tasks, np.nan), np.zeros(self._max_tasks, dtype=np.int64)
        for column, name in enumerate(self.tasks):
            held_out = self._stream.held_out(name, rows=self._rows)
            scores[column], counts[column] = _score(held_out, answer(held_out.x, name)), len(held_out.y)
        probed = Probed.of_scores(scores, counts)
        self._matrix.boundary(self.tasks.index(task), probed=probed, events=events, time=math.nan)
        if (follows := self._stream.ahead(task)) is not None:
            name, rows = follows
            self._ahead[name] = _score(rows, answer(rows.x, name))

    def final(self, answer: Answer) -> list[float | None]:
        """Return the score on all held-out rows of every task."""
        scores = []
        for name in self.tasks:
            held_out = self._stream.held_out(name)
            scores.append(defined(_score(held_out, answer(held_out.x, name))))
        return scores

    def figures(self) -> Figures:
        """Return what R tells, as the daemon computes it."""
        return self._matrix.figures()

    def ahead(self) -> dict[str, float | None]:
        """Return the scores on each next task before any of its rows was learned, and their mean, as figures."""
        if not self._ahead:
            return {}
        scores = {f"{AHEAD}.{name}": defined(score) for name, score in self._ahead.items()}
        return {AHEAD: defined(float(np.mean(list(self._ahead.values())))), **scores}

    def matrix(self) -> list[list[float | None]]:
        """Return R, a row for each end of a task."""
        width = len(self.tasks)
        return [[defined(score) for score in row[:width]] for row in self._matrix.matrix().tolist()]


def _score(held_out: HeldOut, answers: NDArray[Any]) -> float:
    classes = held_out.y.dtype == np.int64
    score = accuracy(answers, held_out.y) if classes else r2_clipped(answers, held_out.y)
    return math.nan if score is None else score


def defined(score: float) -> float | None:
    """Return the score, None where it is NaN: JSON has no such number."""
    return None if math.isnan(score) else score

"""How well the model does the tasks that it has learned so far, on rows that never entered the stream."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from daemon.scoring.retention import RetentionMatrix
from daemon.scoring.scores import accuracy, r2_clipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from numpy.typing import NDArray

    from benchmarks.literature.protocol import Exam, Stream
    from daemon.scoring.figures import Figures

    Answer = Callable[[NDArray[np.float32], str], NDArray[Any]]
    """From rows ``(rows, features)`` and the name of their task to what the model says of each."""


class Examination:
    """Fills R at the end of every task, and keeps the scores for the daemon's own figures.

    All of R is on the same sample of each exam, so that its figures compare like with like; only ``final`` is on
    the whole of it.
    """

    def __init__(self, stream: Stream, *, max_tasks: int, rows: int | None) -> None:
        self._stream = stream
        self._rows = rows
        self._max_tasks = max_tasks
        self._matrix = RetentionMatrix(max_tasks, max_boundaries=1_000)
        self.tasks: list[str] = list(stream.before)
        """Those from before the stream, then those of the stream in the order in which they ended first."""

    def task_ends(self, task: str, *, answer: Answer, events: int) -> None:
        """Examine the model on every task so far; ``task`` is the one that ends here."""
        if task not in self.tasks:
            self.tasks.append(task)
        exams = [self._stream.exam(name, rows=self._rows) for name in self.tasks]
        scores, counts = np.full(self._max_tasks, np.nan), np.zeros(self._max_tasks, dtype=np.int64)
        for column, (name, exam) in enumerate(zip(self.tasks, exams, strict=True)):
            scores[column], counts[column] = _mark(exam, answer(exam.x, name)), len(exam.y)
        self._matrix.boundary(self.tasks.index(task), scores=scores, counts=counts, events=events, time=math.nan)

    def final(self, answer: Answer) -> list[float | None]:
        """Return the score on the whole exam of every task."""
        scores = []
        for name in self.tasks:
            exam = self._stream.exam(name)
            scores.append(defined(_mark(exam, answer(exam.x, name))))
        return scores

    def figures(self) -> Figures:
        """Return what R tells, as the daemon computes it."""
        return self._matrix.figures()

    def matrix(self) -> list[list[float | None]]:
        """Return R, a row for each end of a task."""
        width = len(self.tasks)
        return [[defined(score) for score in row[:width]] for row in self._matrix.matrix().tolist()]


def _mark(exam: Exam, answers: NDArray[Any]) -> float:
    classes = exam.y.dtype == np.int64
    mark = accuracy(answers, exam.y) if classes else r2_clipped(answers, exam.y)
    return math.nan if mark is None else mark


def defined(score: float) -> float | None:
    """Return the score, None where it is NaN: JSON has no such number."""
    return None if math.isnan(score) else score

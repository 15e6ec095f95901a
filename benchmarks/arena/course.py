"""A reference on its way through a stream: each row is predicted before it is learned."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.arena.table import HeldOutOfTasks
from benchmarks.literature.evaluation import Evaluation

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from benchmarks.arena.reference import Guess, Reference
    from benchmarks.arena.table import Table

    Watch = Callable[[int, int], None]
    """Is told how many rows are learned, and how many there are; it may raise."""

UNKNOWN = -1
"""The class that is predicted before any is known; it is never right."""
ROWS_AT_ONCE = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What a learner said of every row on arrival, and how well it kept what it had learned."""

    answers: NDArray[Any]
    """``(rows,)``: int64 class index, or float64 number."""
    likelihood: NDArray[np.float64] | None
    """``(rows,)``: the probability that was given to the true class; None without any."""
    seconds: float
    """Spent with predicting and learning, and not with evaluating."""
    retention: Evaluation
    extra: dict[str, float | None] = field(default_factory=dict)
    """Figures that only this learner has."""


def run_reference(reference: Reference, table: Table, *, watch: Watch, clock: Callable[[], float]) -> Course:
    """Let the reference predict and learn every row of the table, in its order."""
    answers, likelihood = np.full(len(table), _nothing(table), dtype=table.y.dtype), np.zeros(len(table))
    sure = bool(table.classes)
    retention = Evaluation(HeldOutOfTasks(table), max_tasks=max(1, len(table.tasks)), rows=None)
    ends = {task.stop: task.name for task in table.tasks}
    keys, seconds = table.key_codes.tolist(), 0.0
    for start in _starts(table):
        stop = min([len(table), start + ROWS_AT_ONCE, *(end for end in ends if end > start)])
        rows = [table.row(x) for x in table.x[start:stop]]
        labels = table.y[start:stop].tolist()
        begun = clock()
        for number, (row, label) in enumerate(zip(rows, labels, strict=True), start):
            guess = reference.guess(row, key=keys[number])
            reference.learn(row, label, key=keys[number])
            answers[number] = _value(guess, table)
            if guess.probabilities is None:
                sure = False
            else:
                likelihood[number] = _likelihood(guess, label, table)
        seconds += clock() - begun
        if stop in ends:
            retention.task_ends(ends[stop], answer=lambda x, _: _answers(reference, table, x), events=stop)
        watch(stop, len(table))
    return Course(answers=answers, likelihood=likelihood if sure else None, seconds=seconds, retention=retention)


def _starts(table: Table) -> list[int]:
    """Return where to stop and look up: every few hundred rows, and at the end of each task."""
    return sorted({*range(0, len(table), ROWS_AT_ONCE), *(task.stop for task in table.tasks)} - {len(table)})


def _answers(reference: Reference, table: Table, x: NDArray[Any]) -> NDArray[Any]:
    return np.array([_value(reference.guess(table.row(row), key=0), table) for row in x], dtype=table.y.dtype)


def _value(guess: Guess, table: Table) -> float:
    if guess.value is None or not math.isfinite(guess.value):
        return _nothing(table)
    return guess.value


def _nothing(table: Table) -> float:
    """Return what counts as said where nothing was: no class, or 0."""
    return UNKNOWN if table.classes else 0.0


def _likelihood(guess: Guess, label: int, table: Table) -> float:
    """Return the probability of the true class; where nothing is known yet, all are equal."""
    if not guess.probabilities:
        return 1 / len(table.classes)
    return guess.probabilities.get(label, 0.0) / max(math.fsum(guess.probabilities.values()), 1e-300)

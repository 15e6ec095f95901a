"""A row of the retention matrix."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Every task's score at one moment."""

    boundary: int
    """Number of the boundary, from 0; between two, of the one before; -1 before any."""
    task: int
    """The task just learned, or being learned."""
    events: int
    time: float
    scores: Scores
    """``(max_tasks,)``, NaN where undefined."""
    counts: NDArray[np.int64]
    """``(max_tasks,)``: probe rows behind each score."""

    def without(self, task: int, *, into: int) -> Evaluation:
        """Return the same without a score of ``task``, which is a part of ``into`` from now on."""
        scores, counts = self.scores.copy(), self.counts.copy()
        scores[task], counts[task] = np.nan, 0
        return replace(self, task=into if self.task == task else self.task, scores=scores, counts=counts)

    def merged(self, task: int, *, into: int, share: float) -> Evaluation:
        """Return the same with the score of ``task`` in that of ``into``, where it has that share."""
        scores, counts = self.scores.copy(), self.counts.copy()
        scores[into] = merged_score(scores[into], scores[task], share=share)
        counts[into] += counts[task]
        return replace(self, scores=scores, counts=counts).without(task, into=into)


def merged_score(score: float, other: float, *, share: float) -> float:
    """Return the mean of a score and another of that share; where one is undefined, the other."""
    if np.isnan(score) or np.isnan(other):
        return other if np.isnan(score) else score
    return (1 - share) * score + share * other


def columns_of(rows: Sequence[Evaluation], *, tasks: int) -> dict[str, Any]:
    """Return the rows as one array per field, for a checkpoint; ``tasks`` is the width of a row."""
    return {
        "boundary": np.array([row.boundary for row in rows], dtype=np.int64),
        "task": np.array([row.task for row in rows], dtype=np.int64),
        "events": np.array([row.events for row in rows], dtype=np.int64),
        "time": np.array([row.time for row in rows], dtype=np.float64),
        "scores": np.array([row.scores for row in rows], dtype=np.float64).reshape(-1, tasks),
        "counts": np.array([row.counts for row in rows], dtype=np.int64).reshape(-1, tasks),
    }


def evaluations_in(columns: Mapping[str, Any]) -> list[Evaluation]:
    """Return the rows that ``columns_of`` took apart."""
    scalars = (columns[name].tolist() for name in ("boundary", "task", "events", "time"))
    return [
        Evaluation(boundary=b, task=j, events=e, time=t, scores=scores.copy(), counts=counts.copy())
        for b, j, e, t, scores, counts in zip(*scalars, columns["scores"], columns["counts"], strict=True)
    ]

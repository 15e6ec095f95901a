"""The figures of continual learning: how well each task is still done, and what learning others did to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class TaskFigures:
    """One task's scores on its probe set; None where undefined."""

    now: float | None
    """Score at the latest evaluation."""
    samples: int
    """Probe rows behind ``now``."""
    error: float | None
    """Standard error of ``now``: how far off it may be, because it is of so few rows."""
    first: float | None
    """R[f, j]: the score right after the task's first segment."""
    best: float | None
    """``now`` and what was lost since the best boundary before the latest evaluation."""
    minimum: float | None
    """Worst score at any evaluation after the task's first segment."""
    untrained: float | None
    """b: the untrained model's score."""
    before: float | None
    """Score at the boundary before the task was first trained."""
    forgetting: float | None
    """``best - now``, on the rows that the model was asked at both, for a past task:
    f_j = max_{l<k} a[l, j] - a[k, j] (Chaudhry et al. 2018)."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Retention over all tasks at the latest evaluation; None where undefined, never 0.

    R[i, j] is the score on task j's probe set after boundary i, T the latest boundary, ``now[j]`` the latest
    evaluation, at a boundary or between two. A task may return: f(j) is the first boundary that ended a segment
    of task j at which j has a score, and R[f(j), j] its reference for good. From f(j) on it is *learned*; it is
    *past* once, besides, f(j) < T or another task is being learned now. Each mean is over the tasks for which
    its terms are defined: a task without probe rows yet is in none.
    """

    average_score: float | None = None
    """ACC = mean_j now[j] (Lopez-Paz & Ranzato 2017, Gradient episodic memory), R[T, j] read now."""
    backward_transfer: float | None = None
    """BWT = mean over past j of now[j] - R[f(j), j] (Lopez-Paz & Ranzato 2017), on the rows of both."""
    forward_transfer: float | None = None
    """FWT = mean over j but the first task of R[i-1, j] - b[j], boundary i-1 being the last before j was first
    trained (Lopez-Paz & Ranzato 2017)."""
    forgetting: float | None = None
    """F = mean over past j of max_{l<k} R[l, j] - now[j], l over the boundaries before the latest evaluation
    (Chaudhry et al. 2018, Riemannian walk), each difference on the rows of both. Negative where tasks got better
    than they ever were."""
    learning_accuracy: float | None = None
    """LA = mean over learned j of R[f(j), j] (Riemer et al. 2019, Learning to learn without forgetting)."""
    min_acc: float | None = None
    """min-ACC = mean over learned j, but the task being learned, of the minimum score at any evaluation after
    f(j) (De Lange et al. 2023, Continual evaluation for lifelong learning: identifying the stability gap)."""
    wc_acc: float | None = None
    """WC-ACC = 1/k now[c] + (1 - 1/k) min-ACC, c being the task being learned and k - 1 the number of tasks in
    min-ACC (De Lange et al. 2023)."""
    boundaries: int = 0
    """Boundaries so far."""
    events: int | None = None
    """Events of the stream before the latest evaluation."""
    time: float | None = None
    """When the latest evaluation was made, as passed in."""
    tasks: Mapping[int, TaskFigures] = field(default_factory=dict)
    """By task index, those of which anything is known."""

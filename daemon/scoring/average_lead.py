"""How far one learner is ahead of another on the probe sets, at the same evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from daemon.scoring.learner_scores import LearnerScores


@dataclass(frozen=True, slots=True)
class AverageLead:
    """Two mean scores over the same tasks, on the same probe sets after the same events."""

    events: int
    """Of the stream before the evaluation."""
    tasks: int
    score: float
    """Of the one."""
    other: float
    """Of the other."""

    @property
    def lead(self) -> float:
        """How far the one is ahead; below 0 it is behind."""
        return self.score - self.other


def average_lead(one: LearnerScores, *, over: LearnerScores) -> AverageLead | None:
    """Return the lead at the newest evaluation of both, over the tasks that both have a score of; None without."""
    theirs = over.latest
    if theirs is None:
        return None
    known = (*one.boundaries, *one.recent, *(() if one.latest is None else (one.latest,)))
    mine = next((each for each in reversed(known) if each.events == theirs.events), None)
    if mine is None:
        return None
    both = ~(np.isnan(mine.scores) | np.isnan(theirs.scores))
    if not both.any():
        return None
    return AverageLead(
        events=theirs.events,
        tasks=int(both.sum()),
        score=float(mine.scores[both].mean()),
        other=float(theirs.scores[both].mean()),
    )

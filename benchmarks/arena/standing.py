"""How the learners stand: the best reference, ranks, and on how many streams the daemon keeps up."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.arena.learners import RETAIND

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.literature.outcome import Outcome

    Outcomes = Mapping[str, Mapping[str, Sequence[Outcome]]]
    """The seeds of each run, by stream and learner."""

HALF_A_POINT = 0.005


@dataclass(frozen=True, slots=True)
class Standing:
    """One stream's scores: accuracy, or R² of numbers; the mean over seeds, by learner."""

    scores: Mapping[str, float]

    @property
    def best_reference(self) -> float | None:
        """The highest score but the daemon's; None without a reference."""
        return max((score for name, score in self.scores.items() if name != RETAIND), default=None)

    @property
    def lead(self) -> float | None:
        """How far the daemon is ahead of it; None where one of the two is missing."""
        best = self.best_reference
        return None if best is None or RETAIND not in self.scores else self.scores[RETAIND] - best

    @property
    def ranks(self) -> dict[str, float]:
        """The place of each learner, 1 the best; those that are equal share theirs.

        >>> Standing({"a": 0.5, "b": 0.9, "c": 0.5}).ranks
        {'a': 2.5, 'b': 1.0, 'c': 2.5}
        """
        values = np.array(list(self.scores.values()))
        better, equal = (values > values[:, None]).sum(1), (values == values[:, None]).sum(1)
        return dict(zip(self.scores, (better + (equal + 1) / 2).tolist(), strict=True))


def standings(outcomes: Outcomes) -> dict[str, Standing]:
    """Return the standing of each stream."""
    return {
        stream: Standing({name: score for name, runs in of.items() if (score := score_of(runs)) is not None})
        for stream, of in outcomes.items()
    }


def score_of(runs: Sequence[Outcome], *, figure: str = "score") -> float | None:
    """Return the mean of a figure over the seeds that have it."""
    known = [value for run in runs if (value := run.figures.get(figure)) is not None]
    return fmean(known) if known else None


def complete(standings: Mapping[str, Standing]) -> dict[str, Standing]:
    """Return the streams on which everybody that appears anywhere has a score."""
    names = {name for standing in standings.values() for name in standing.scores}
    return {stream: standing for stream, standing in standings.items() if names == standing.scores.keys()}


def mean_ranks(standings: Mapping[str, Standing]) -> dict[str, float]:
    """Return each learner's mean place over the streams that are complete."""
    ranks = [standing.ranks for standing in complete(standings).values()]
    return {name: fmean(of[name] for of in ranks) for name in ranks[0]} if ranks else {}


def verdict(standings: Mapping[str, Standing]) -> str:
    """Return the sentence that says how the daemon did; nothing where it did not take part."""
    leads = [standing.lead for standing in standings.values()]
    known = [lead for lead in leads if lead is not None]
    if not known:
        return ""
    kept_up, ahead = (sum(lead > least for lead in known) for least in (-HALF_A_POINT, 0))
    return (
        f"{RETAIND} is ahead of or within half a point of the best reference on {kept_up} of {len(known)} streams,"
        f" and ahead on {ahead}."
    )

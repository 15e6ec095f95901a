"""How late labels come, and how good the answers were that they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.scoring.prequential import Prequential

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from daemon.scoring.prequential_score import Column, PrequentialScore
    from strategies.row_holder import Gone

BOUNDS = (1.0, 10.0, 60.0, 600.0, 3_600.0, 21_600.0, 86_400.0, 604_800.0)
"""Seconds; a delay is in the first interval whose bound it does not exceed."""
NAMES = (*(f"{bound:g}" for bound in BOUNDS), "+Inf")


class DelayScores:
    """Prequential scores by the delay of the label, in event time; labels of unknown delay are in none.

    >>> scores = DelayScores(classification=True)
    >>> right, delay = np.array([1, 1, 0]), np.array([0.5, 30.0, 40.0])
    >>> scores.update(right, label=np.array([1, 1, 1]), delay=delay)
    >>> {name: score.accuracy for name, score in scores.of_each().items()}
    {'1': 1.0, '60': 0.5}
    """

    def __init__(self, *, classification: bool) -> None:
        self._scores = Prequential(1, classification=classification, max_tasks=len(NAMES))
        self._seconds = 0.0

    def update(
        self,
        prediction: Column,
        *,
        label: Column,
        delay: NDArray[np.float64],
        key: NDArray[np.int64] | None = None,
    ) -> None:
        """Score what was said on arrival ``(rows,)``, by the seconds until the label came ``(rows,)``.

        ``key`` are the hashes of the rows' keys.
        """
        known = ~np.isnan(delay)
        place = np.searchsorted(BOUNDS, delay[known], side="left")
        self._scores.update(
            prediction[known], label=label[known], task=place, key=None if key is None else key[known]
        )
        # One after another: the sum has the same bits however many come at once.
        self._seconds = float(np.add.accumulate(np.append(self._seconds, delay[known]))[-1])

    def of_each(self) -> dict[str, PrequentialScore]:
        """Return the score of each interval that has any, by the name of its bound."""
        scores = {name: self._scores.of_task(place) for place, name in enumerate(NAMES)}
        return {name: score for name, score in scores.items() if score.rows or score.not_finite}

    @property
    def counts(self) -> tuple[int, ...]:
        """How many labels each interval has."""
        scores = [self._scores.of_task(place) for place in range(len(NAMES))]
        return tuple(score.rows + score.not_finite for score in scores)

    @property
    def seconds(self) -> float:
        """The sum of all delays."""
        return self._seconds

    def forget(self, gone: Gone) -> int:
        """Let the newest label go, the only one that is kept, where it is of a key; return how many."""
        return self._scores.forget(gone)

    def state_dict(self) -> dict[str, Any]:
        """Return the sums."""
        return {"scores": self._scores.state_dict(), "seconds": self._seconds}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the sums."""
        self._scores.load_state_dict(state["scores"])
        self._seconds = state["seconds"]

"""How far one who predicts is ahead of another, over the same events."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from daemon.scoring.prequential_score import CLASS_TERMS, LEAST_VARIANCE, NUMBER_TERMS
from daemon.scoring.scores import clip_r2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from daemon.scoring.prequential_score import Terms

    Losses = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lead:
    """Two scores of the same rows: accuracies, or R² clipped at -1."""

    rows: int
    score: float
    """Of the one."""
    other: float
    """Of the other."""
    deviations: float
    """The lead in its own standard errors, the rows' differences taken as independent of each other."""

    @property
    def lead(self) -> float:
        """How far the one is ahead; below 0 it is behind."""
        return self.score - self.other

    @classmethod
    def of(cls, loss: Losses, other: Losses, *, scale: float) -> Self | None:
        """Return the lead from what each row ``(rows,)`` costs the two; a score is 1 less its losses / ``scale``.

        None without rows, or where the scale is 0.

        >>> Lead.of(np.array([0.0, 0.0, 1.0, 0.0]), np.array([1.0, 0.0, 1.0, 1.0]), scale=4).lead
        0.5
        """
        assert loss.shape == other.shape
        if not len(loss) or not scale:
            return None
        return cls(
            rows=len(loss),
            score=clip_r2(1 - float(loss.sum()) / scale),
            other=clip_r2(1 - float(other.sum()) / scale),
            deviations=_deviations(other - loss),
        )


def lead_over(other: Terms, terms: Terms) -> Lead | None:
    """Return the lead over ``other``, who has predicted the same rows, from the terms ``(rows, 5 or 9)`` of both.

    Rows for which either has predicted a number that is not finite are left out.
    """
    if terms.shape[1] == len(CLASS_TERMS):
        right = CLASS_TERMS.index("correct")
        return Lead.of(1 - terms[:, right], 1 - other[:, right], scale=len(terms))
    rows, squared = NUMBER_TERMS.index("rows"), NUMBER_TERMS.index("squared")
    both = (terms[:, rows] > 0) & (other[:, rows] > 0)
    return Lead.of(terms[both, squared], other[both, squared], scale=_spread(terms[both]))


def lead_over_no_change(terms: Terms) -> Lead | None:
    """Return the lead over repeating the last label, on the rows that have one."""
    if terms.shape[1] == len(CLASS_TERMS):
        compared = terms[terms[:, CLASS_TERMS.index("compared")] > 0]
        right, repeated = CLASS_TERMS.index("correct"), CLASS_TERMS.index("correct_no_change")
        return Lead.of(1 - compared[:, right], 1 - compared[:, repeated], scale=len(compared))
    compared = terms[terms[:, NUMBER_TERMS.index("compared")] > 0]
    squared, repeated = NUMBER_TERMS.index("squared"), NUMBER_TERMS.index("squared_no_change")
    return Lead.of(compared[:, squared], compared[:, repeated], scale=_spread(compared))


def _spread(terms: Terms) -> float:
    """Σ(y - ȳ)² of the rows, 0 where it cannot be told from rounding."""
    label = terms[:, NUMBER_TERMS.index("label")]
    if not len(label):
        return 0.0
    spread = float(np.square(label - label.mean()).sum())
    return spread if spread > LEAST_VARIANCE * float(np.square(label).sum()) else 0.0


def _deviations(gained: Losses) -> float:
    total, error = float(gained.sum()), math.sqrt(len(gained)) * float(gained.std())
    if error:
        return total / error
    # Every row says the same.
    return math.copysign(math.inf, total) if total else 0.0

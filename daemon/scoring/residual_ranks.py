"""The rank of a residual among the newest ones."""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ResidualRanks:
    """The newest residuals of a key: in the order in which they came, and in that of their size.

    >>> ranks = ResidualRanks(4)
    >>> [ranks.share_as_large(each) for each in (1.0, 2.0, 3.0, 0.5, 9.0)]
    [1.0, 0.5, 0.3333333333333333, 1.0, 0.2]
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._came = array("d")
        self._next = 0
        """Where in it the next one goes, once it is full: in place of the oldest."""
        self._sorted = array("d")

    def share_as_large(self, residual: float) -> float:
        """Return the share of residuals that are at least this one, itself among them; remember it.

        That is the conformal p-value: where residuals are exchangeable, it is at most p with a chance of p at most.
        """
        as_large = len(self._sorted) - bisect_left(self._sorted, residual)
        share = (as_large + 1) / (len(self._sorted) + 1)
        self._remember(residual)
        return share

    def _remember(self, residual: float) -> None:
        if len(self._came) < self._window:
            self._came.append(residual)
        else:
            del self._sorted[bisect_left(self._sorted, self._came[self._next])]
            self._came[self._next] = residual
            self._next = (self._next + 1) % self._window
        insort(self._sorted, residual)

    def newest(self) -> NDArray[np.float64]:
        """Return what is remembered ``(residuals,)``, the oldest first."""
        return np.roll(np.array(self._came), -self._next)

    def take_up(self, residuals: NDArray[np.float64]) -> None:
        """Remember so many of these, the oldest first, as there is room for; nothing was remembered before."""
        kept = residuals[-self._window :].tolist()
        self._came, self._sorted = array("d", kept), array("d", sorted(kept))

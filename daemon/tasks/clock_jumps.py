"""Clocks that jump: a row far from all others is a wrong clock, until others agree with it."""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Periods = NDArray[np.int64]

NEAR = 30
"""Periods that the stream may leave out, without a row far from others."""
AGREE = 5
"""Rows that make a far place one where the stream is."""
_MOST_PLACES = 32
_MOST_CANDIDATES = 16


class ClockJumps:
    """Tells of each row's period whether the stream is there; where it is not, the row has that of the row before.

    The stream is within ``NEAR`` periods of where it was lately. A row further off is a wrong clock, and takes no
    name of a task, unless ``AGREE`` rows are as far and near each other, or follow each other and only go forward.

    >>> jumps = ClockJumps()
    >>> jumps.without_wrong(np.array([0, 1, 9_000, 1, 2, -400, 2])).tolist()
    [0, 1, 1, 1, 2, 2, 2]
    """

    def __init__(self) -> None:
        self._places: OrderedDict[int, None] = OrderedDict()
        """Periods where the stream was lately, the newest last."""
        self._candidates: OrderedDict[int, int] = OrderedDict()
        """Far periods, and how many rows were near each."""
        self._forward: list[int] = []
        """Far periods of the newest rows, one after another, each later than the one before."""
        self._stride = 0
        """How far the stream may go forward at once, because it did so again and again."""

    def without_wrong(self, periods: Periods) -> Periods:
        """Return the periods ``(rows,)`` of some rows, those of wrong clocks replaced."""
        if not len(periods):
            return periods
        if self._places:
            steps = np.diff(periods, prepend=next(reversed(self._places)))
            if (np.abs(steps) <= NEAR).all():
                self._forward = []
                # As row by row: in the order of when each was last.
                for period in reversed(dict.fromkeys(reversed(periods.tolist()))):
                    self._go(period)
                return periods
        return np.array([self._at(period) for period in periods.tolist()], dtype=np.int64)

    def _at(self, period: int) -> int:
        if not self._places or self._is_near(period) or self._is_agreed(period):
            self._forward = []
            self._go(period)
            return period
        return next(reversed(self._places))

    def _is_near(self, period: int) -> bool:
        if 0 < period - next(reversed(self._places)) <= self._stride:
            return True
        return any(abs(period - place) <= NEAR for place in reversed(self._places))

    def _is_agreed(self, period: int) -> bool:
        """Count a far row; return whether there are enough like it."""
        self._forward = [*self._forward, period] if self._forward[-1:] < [period] else [period]
        anchor = next((each for each in self._candidates if abs(period - each) <= NEAR), period)
        self._candidates[anchor] = self._candidates.pop(anchor, 0) + 1
        if len(self._candidates) > _MOST_CANDIDATES:
            self._candidates.popitem(last=False)
        if len(self._forward) >= AGREE:
            self._stride = 2 * max(late - early for early, late in pairwise(self._forward))
        elif self._candidates[anchor] < AGREE:
            return False
        self._candidates.pop(anchor, None)
        return True

    def _go(self, period: int) -> None:
        self._places.pop(period, None)
        self._places[period] = None
        if len(self._places) > _MOST_PLACES:
            self._places.popitem(last=False)

    def state_dict(self) -> dict[str, Any]:
        """Return where the stream was, and where it may be."""
        return {
            "places": list(self._places),
            "candidates": [[period, rows] for period, rows in self._candidates.items()],
            "forward": list(self._forward),
            "stride": self._stride,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state."""
        self._places = OrderedDict.fromkeys(state["places"])
        self._candidates = OrderedDict((period, rows) for period, rows in state["candidates"])
        self._forward, self._stride = list(state["forward"]), state["stride"]

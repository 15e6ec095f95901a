"""The score of the Numenta Anomaly Benchmark, and precision and recall on its windows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FALSE_ALARM, MISSED = 0.11, 1.0
"""What one costs in the standard profile; a window that is found at its beginning is worth 1."""
_PROBATION_SHARE, _PROBATION_ROWS = 0.15, 750
_FAR = 3.0


@dataclass(frozen=True, slots=True)
class Scored:
    """What alarms on one series are worth."""

    worth: float
    windows: int
    found: int
    """Of the windows, those with an alarm in them."""
    alarms: int
    false_alarms: int
    """Of the alarms, those in no window."""


def scored(alarms: NDArray[np.bool_], windows: Sequence[tuple[int, int]]) -> Scored:
    """Score alarms ``(rows,)``; the first rows, in which one may learn, do not count.

    Lavin and Ahmad 2015 (arXiv 1510.03336), section II: the first alarm in a window counts, the more the earlier
    it is; an alarm outside costs the less the sooner it comes after a window.
    """
    rows = np.flatnonzero(alarms)
    rows = rows[rows >= probation(len(alarms))]
    open_windows = [each for each in windows if each[1] >= probation(len(alarms))]
    worth, found, inside = 0.0, 0, np.zeros(len(rows), dtype=bool)
    for first, last in windows:
        within = (rows >= first) & (rows <= last)
        inside |= within
        if (first, last) in open_windows:
            found += bool(within.any())
            worth += _worth_of(first, last, int(rows[within][0])) if within.any() else -MISSED
    for row in rows[~inside].tolist():
        worth += FALSE_ALARM * _cost(row, windows)
    return Scored(worth, len(open_windows), found, len(rows), int((~inside).sum()))


def nab_score(each: Sequence[Scored]) -> float:
    """Return the score of several series together: 100 where all is found at once, 0 where nobody says anything.

    >>> quiet = scored(np.zeros(1_000, dtype=bool), [(500, 599)])
    >>> told = np.zeros(1_000, dtype=bool)
    >>> told[500] = True
    >>> nab_score([quiet]), nab_score([scored(told, [(500, 599)])])
    (0.0, 100.0)
    """
    windows = sum(one.windows for one in each)
    nothing, everything = -MISSED * windows, float(windows)
    return 100 * (sum(one.worth for one in each) - nothing) / (everything - nothing) if windows else math.nan


def probation(rows: int) -> int:
    """Return how many of the first rows do not count."""
    return min(int(_PROBATION_SHARE * rows), _PROBATION_ROWS)


def _worth_of(first: int, last: int, row: int) -> float:
    return _sigmoid(-(last - row + 1) / (last - first + 1)) / _sigmoid(-1.0)


def _cost(row: int, windows: Sequence[tuple[int, int]]) -> float:
    before = [each for each in windows if each[1] < row]
    if not before:
        return -1.0
    first, last = before[-1]
    return _sigmoid((row - last) / (last - first))


def _sigmoid(position: float) -> float:
    """Return the paper's function of a place relative to a window: -1 is its beginning, 0 its end."""
    return -1.0 if position > _FAR else 2 / (1 + math.exp(5 * position)) - 1

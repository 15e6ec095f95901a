"""Phases, hours and weekdays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

HOUR_SECONDS, DAY_SECONDS, WEEK_DAYS = 3_600.0, 86_400.0, 7.0
THURSDAY = 3.0
"""The first of January 1970."""


def phase(values: Floats, *, period: float) -> tuple[Floats, Floats]:
    """Return sine and cosine of the phase within ``period``, each ``(rows,)``; both 0 where a value is NaN."""
    known = np.isfinite(values)
    turn = np.remainder(np.where(known, values, 0.0), period) / period * (2.0 * math.pi)
    # The C library's, value by value: numpy's may differ in the last bit between an array's bulk and its end.
    angles = turn.tolist()
    sine = np.fromiter(map(math.sin, angles), dtype=np.float64, count=len(angles))
    cosine = np.fromiter(map(math.cos, angles), dtype=np.float64, count=len(angles))
    return np.where(known, sine, 0.0), np.where(known, cosine, 0.0)


def hour(time: Floats) -> Floats:
    """Return the hour of the day, 0 to 23 (UTC), of Unix times ``(rows,)``; 0 where unknown.

    >>> hour(np.array([86_399.0, np.nan])).tolist()
    [23.0, 0.0]
    """
    return _known(np.floor(np.remainder(time, DAY_SECONDS) / HOUR_SECONDS))


def weekday(time: Floats) -> Floats:
    """Return the weekday, Monday 0 to Sunday 6 (UTC), of Unix times ``(rows,)``; 0 where unknown.

    >>> weekday(np.array([0.0, 4 * 86_400.0])).tolist()
    [3.0, 0.0]
    """
    return _known(np.remainder(np.floor(time / DAY_SECONDS) + THURSDAY, WEEK_DAYS))


def _known(values: Floats) -> Floats:
    return np.where(np.isnan(values), 0.0, values)

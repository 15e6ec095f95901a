"""How far off a score may be, because it is of few rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_ROWS = 3
"""Of an R² whose error can be told."""


def error_of_accuracy(prediction: NDArray[Any], y: NDArray[Any]) -> float | None:
    """Return the standard error of an accuracy over rows ``(rows,)``, None without rows.

    sqrt(p (1 - p) / n) with Laplace's p = (right + 1) / (n + 2): ten right of ten are no proof of the eleventh.

    >>> round(error_of_accuracy(np.ones(10), np.ones(10)), 3)
    0.087
    """
    rows = len(y)
    if not rows:
        return None
    p = (float(np.sum(prediction == y)) + 1) / (rows + 2)
    return math.sqrt(p * (1 - p) / rows)


def error_of_r2(prediction: NDArray[Any], y: NDArray[Any]) -> float | None:
    """Return the jackknife standard error of R² over rows ``(rows,)`` (Efron & Stein 1981, eq. 1.3).

    None with fewer than three rows, where a prediction is not finite, or no variance is left without one row.
    """
    rows = len(y)
    if rows < LEAST_ROWS or not np.isfinite(prediction).all():
        return None
    label = y.astype(np.float64)
    squared, distance = (label - prediction) ** 2, (label - label.mean()) ** 2
    left = distance.sum() - rows / (rows - 1) * distance
    if not (left > 0).all():
        return None
    without_each = 1 - (squared.sum() - squared) / left
    return float(math.sqrt((rows - 1) * np.var(without_each)))

"""Probabilities out of scores, and none of them zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FLOOR = 0.001
"""Share of the uniform distribution in what an expert says: no surprise costs it everything."""


def softmax(scores: NDArray[np.float64], *, axis: int = -1) -> NDArray[np.float64]:
    """Return probabilities ∝ exp(scores) along an axis.

    >>> softmax(np.array([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """
    shifted = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=axis, keepdims=True))


def floored(probabilities: NDArray[np.float64], *, classes: int) -> NDArray[np.float64]:
    """Return the probabilities mixed with ``FLOOR`` of the uniform distribution over so many classes."""
    return np.asarray(probabilities * (1 - FLOOR) + FLOOR / classes)

"""Probabilities out of scores, and none of them zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FLOOR = 0.001
"""Share of the uniform distribution in what an expert says: no surprise costs it everything."""


def softmax(scores: NDArray[np.float32], *, axis: int = -1) -> NDArray[np.float32]:
    """Return probabilities ∝ exp(scores) along an axis.

    >>> softmax(np.zeros(2, dtype=np.float32)).tolist()
    [0.5, 0.5]
    """
    shifted = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=axis, keepdims=True))


def centred_logs(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the logs of what voices say ``(rows, classes, voices)``, less their mean over the classes."""
    logs = np.log(probabilities)
    logs -= logs.mean(axis=1, keepdims=True)
    return np.asarray(logs)


def floored(probabilities: NDArray[np.float32], *, classes: int) -> NDArray[np.float32]:
    """Return the probabilities mixed with ``FLOOR`` of the uniform distribution over so many classes."""
    return np.asarray(probabilities * np.float32(1 - FLOOR) + np.float32(FLOOR / classes))

"""Probabilities out of scores, and none of them zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

FLOOR = 0.001
"""Share of the uniform distribution in what an expert says: no surprise costs it everything."""


_LEAST = 1e-30
"""Weights that add up to less are taken as they are: nothing is said of any class."""


def columns_of(outputs: Tensor) -> NDArray[np.float32]:
    """Return outputs ``(…, rows, classes)`` as ``(…, classes, rows)``: sums over few classes are fast there."""
    return np.ascontiguousarray(outputs.mT.numpy())


def softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return probabilities ∝ exp(scores), over the last axis but one: ``(…, classes, rows)``.

    >>> softmax(np.zeros((2, 1), dtype=np.float32)).tolist()
    [[0.5], [0.5]]
    """
    chances = exponentials(scores)
    chances /= chances.sum(axis=-2, keepdims=True)
    return chances


def exponentials(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return numbers ∝ exp(scores) ``(…, classes, rows)``, of which the largest class of each row has 1."""
    return np.asarray(np.exp(scores - scores.max(axis=-2, keepdims=True)))


def centred_logs(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the logs of probabilities ``(…, classes, rows)``, less their mean over the classes."""
    logs = np.log(probabilities)
    logs -= logs.mean(axis=-2, keepdims=True)
    return np.asarray(logs)


def floored(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return probabilities ∝ ``weights (…, classes, rows)``, mixed with ``FLOOR`` of the uniform distribution."""
    total = np.maximum(weights.sum(axis=-2, keepdims=True), np.float32(_LEAST))
    chances = weights * (np.float32(1 - FLOOR) / total)
    chances += np.float32(FLOOR / weights.shape[-2])
    return np.asarray(chances)


def mixed(experts: NDArray[np.float32], weights: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the mixture ``(classes, rows)`` of ``experts (experts, classes, rows)`` by weights ``(experts,)``."""
    flat = weights.astype(np.float32) @ experts.reshape(len(experts), -1)
    return np.asarray(flat.reshape(experts.shape[1:]))


def of_classes(said: NDArray[np.float32], label: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return what is said of each row's class ``(…, rows)``, of what is said of all ``(…, classes, rows)``."""
    *others, classes, rows = said.shape
    flat = said.reshape(*others, classes * rows)
    return np.asarray(flat.take(label * rows + np.arange(rows), axis=-1))

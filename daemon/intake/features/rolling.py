"""Mean and deviation of the newest values, with the same bits however rows are grouped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daemon.intake.features.row_history import Woven

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


def rolling(woven: Woven, columns: Integers, *, window: int, before: Integers) -> tuple[Floats, Floats]:
    """Return mean and population deviation of the newest ``window`` values, each ``(rows, columns)``.

    ``before (rows,)`` is how many rows there are before each one; where they do not fill the window, the statistics
    are of what there is. Values are added one after another, oldest first, and never taken away again, so nothing
    drifts over months and nothing depends on where a call began.
    """
    values = Woven(woven.values.take(columns, axis=1), woven.position)
    count = np.minimum(before + 1, window)[:, np.newaxis].astype(np.float64)
    mean = np.zeros((len(before), len(columns)))
    for steps in reversed(range(window)):
        mean += values.back(steps)  # what is not there is 0
    mean /= count
    return mean, np.sqrt(_squares(values, mean, window=window, before=before) / count)


def _squares(values: Woven, mean: Floats, *, window: int, before: Integers) -> Floats:
    partial = bool((before < window - 1).any())
    total = np.zeros_like(mean)
    for steps in reversed(range(window)):
        distance = values.back(steps)
        distance -= mean
        if partial:
            distance[before < steps] = 0.0
        distance *= distance
        total += distance
    return total

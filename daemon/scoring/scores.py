"""How good predictions are, as one number: what a cell of the retention matrix holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_R2 = -1.0
"""Where R² is cut off: one task that diverges must not hide all others in an average."""


def accuracy(prediction: NDArray[np.int64], y: NDArray[np.int64]) -> float | None:
    """Return the share of rows ``(rows,)`` whose class is predicted, None without rows.

    >>> accuracy(np.array([2, 0, 1, 1]), np.array([2, 0, 1, 0]))
    0.75
    """
    assert prediction.shape == y.shape
    return float(np.mean(prediction == y)) if len(y) else None


def r2_clipped(prediction: NDArray[np.float32], y: NDArray[np.float32]) -> float | None:
    """Return R² = 1 - Σ(y - ŷ)² / Σ(y - ȳ)² over rows ``(rows,)``, at least -1.

    1 is perfect, 0 as good as the rows' own mean, -1 twice its squared error or worse. Undefined, None, with
    fewer than two rows or where all targets are equal: then there is no variance to explain. A prediction that
    is not finite is no such case: the target was fine and the model failed, so the score is -1.

    >>> r2_clipped(np.array([1, 2, 4], np.float32), np.array([1, 2, 3], np.float32))
    0.5
    """
    assert prediction.shape == y.shape
    if len(y) < 2 or y.min() == y.max():  # noqa: PLR2004 - two points are the least that vary
        return None
    if not np.isfinite(prediction).all():
        return LEAST_R2
    target = y.astype(np.float64)
    residual = float(np.sum((target - prediction) ** 2))
    return clip_r2(1 - residual / float(np.sum((target - target.mean()) ** 2)))


def clip_r2(r2: float) -> float:
    """Return ``r2``, at least -1."""
    return max(LEAST_R2, r2)

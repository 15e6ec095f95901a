"""Values in place of features that are absent or null."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MissingPolicy = Literal["reject", "zero", "mean", "last"]


class Imputer:
    """Fills the gaps of a stream's columns: with 0, with the mean of what came before, or with the last value.

    Before a column's first value, mean and last are 0. Every row sees only the rows before it, and sums are
    carried through a sequential cumulative sum, so rows give the same bits in one call as in many.

    >>> Imputer("mean").fill(np.array([[1.0], [3.0], [np.nan]]))[:, 0].tolist()
    [1.0, 3.0, 2.0]
    """

    def __init__(self, policy: MissingPolicy) -> None:
        self._policy = policy
        self._carry: NDArray[np.float64] | None = None
        self._count: NDArray[np.float64] | None = None

    def fill(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ``x`` ``(rows, fields)`` with each NaN filled, and remember the rows."""
        if self._policy == "reject":
            assert not np.isnan(x).any()
            return x
        if self._policy == "zero":
            return np.where(np.isnan(x), 0.0, x)
        if self._carry is None or self._count is None:
            self._carry, self._count = np.zeros(x.shape[1]), np.zeros(x.shape[1])
        return self._mean(x, self._carry, self._count) if self._policy == "mean" else self._last(x, self._carry)

    def _mean(
        self, x: NDArray[np.float64], total: NDArray[np.float64], count: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        present = ~np.isnan(x)
        totals = np.cumsum(np.vstack([total, np.where(present, x, 0.0)]), axis=0)
        counts = np.cumsum(np.vstack([count, present]), axis=0)
        self._carry, self._count = totals[-1].copy(), counts[-1].copy()
        return np.where(present, x, totals[:-1] / np.maximum(counts[:-1], 1.0))

    def _last(self, x: NDArray[np.float64], last: NDArray[np.float64]) -> NDArray[np.float64]:
        seen = np.vstack([last, x])
        row = np.where(np.isnan(seen), 0, np.arange(len(seen))[:, None])
        filled: NDArray[np.float64] = np.take_along_axis(seen, np.maximum.accumulate(row, axis=0), axis=0)
        self._carry = filled[-1].copy()
        return filled[1:]

    def state_dict(self) -> dict[str, Any]:
        """Return what is remembered: arrays ``(fields,) float64``, nothing before the first row."""
        if self._carry is None or self._count is None:
            return {}
        return {"carry": self._carry.copy(), "count": self._count.copy()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state that ``state_dict`` returned."""
        self._carry = np.array(state["carry"], dtype=np.float64) if "carry" in state else None
        self._count = np.array(state["count"], dtype=np.float64) if "count" in state else None

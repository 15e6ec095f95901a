"""The scale of a young stream: by all rows so far, and at the end by those that are no broken readings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from strategies.column_moments import ColumnMoments, moments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    Columns = NDArray[np.float64]

SETTLED_ROWS = 512
"""Rows after which a stream is not young any more."""
_MOST_KEPT_BYTES = 8 << 20
_TO_DEVIATION = 1.349
"""Between the quartiles of a Gaussian, in deviations."""


class YoungScale:
    """Scales each row by the mean and deviation of all rows up to and with itself.

    The sums are taken about the first row (the shifted-data algorithm of Chan, Golub & LeVeque, 1983), so that a
    feature far from zero does not lose its variance to cancellation. A column that has not varied yet is centred
    and left unscaled. The rows are kept, to tell at the end which of their values were absurd.
    """

    def __init__(self, features: int) -> None:
        self.count = 0
        self.shift = np.zeros(features)
        """What the sums are about ``(features,) float64``: the first row."""
        self._sums = np.zeros((2, features))
        self._kept: list[NDArray[np.float32]] = []
        self._keeps = SETTLED_ROWS * features * 4 <= _MOST_KEPT_BYTES

    @property
    def room(self) -> int:
        """Rows until it is over."""
        return max(0, SETTLED_ROWS - self.count)

    def absorb(self, x: Tensor) -> Tensor:
        """Add at most ``room`` rows ``(rows, features) float32``; return each scaled as of itself."""
        if self.count == 0:
            self.shift = x[0].numpy().astype(np.float64)
        if self._keeps:
            self._kept.append(x.numpy().copy())
        rows = x.numpy() - self.shift
        # Both sums side by side; row 0 is what was summed before.
        sums = np.empty((len(x) + 1, *self._sums.shape))
        sums[0], sums[1:, 0] = self._sums, rows
        np.multiply(rows, rows, out=sums[1:, 1])
        np.add.accumulate(sums, axis=0, out=sums)
        counts = np.arange(self.count + 1, self.count + len(x) + 1, dtype=np.float64)[:, None]
        mean, deviation, _ = moments(sums[1:, 0], sums[1:, 1], counts)
        rows -= mean
        rows /= deviation
        self.count += len(x)
        self._sums = sums[-1].copy()
        return torch.from_numpy(rows.astype(np.float32))

    def moments(self) -> tuple[Columns, Columns, NDArray[np.bool_]]:
        """Return each column's mean, less the shift, its deviation, and whether it has varied."""
        return moments(self._sums[0], self._sums[1], float(max(self.count, 1)))

    def statistics(self, *, limit: float | None) -> tuple[ColumnMoments, Columns]:
        """Return the sums of all rows but for what is absurd, and what they are about.

        A value is absurd that is further than ``limit`` robust deviations from the median.
        """
        shift = self.shift.copy()
        statistics = ColumnMoments(len(self.shift))
        statistics.sums[0], statistics.sums[1:] = self.count, self._sums
        kept = np.concatenate(self._kept) if self._kept else np.zeros((0, len(self.shift)), dtype=np.float32)
        if limit is None or len(kept) < self.count:
            return statistics, shift
        low, median, high = np.quantile(kept, (0.25, 0.5, 0.75), axis=0, method="inverted_cdf").astype(np.float64)
        spread = (high - low) / _TO_DEVIATION
        absurd = (np.abs(kept - median) > limit * spread) & (spread > 0)
        if absurd.any():
            shift = np.where(absurd[0], median, shift)
            tame = ColumnMoments(len(shift))
            tame.add(np.where(absurd, 0.0, kept - shift), within=~absurd)
            statistics.take(absurd.any(axis=0), tame)
        return statistics, shift

    def forget_rows(self) -> None:
        """Keep the sums alone, and no row from now on where any has come: what is absurd cannot be told then."""
        self._kept, self._keeps = [], self._keeps and not self.count

    def state_dict(self) -> dict[str, Any]:
        """Return the sums, what they are about, and the rows."""
        kept = np.concatenate(self._kept) if self._kept else np.zeros((0, len(self.shift)), dtype=np.float32)
        return {"count": self.count, "shift": self.shift, "sums": self._sums, "first_rows": kept}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self.count = int(state["count"])
        self.shift, self._sums = np.array(state["shift"]), np.array(state["sums"])
        kept = np.array(state["first_rows"], dtype=np.float32)
        self._kept = [kept] if len(kept) else []
        self._keeps = self._keeps and len(kept) == self.count

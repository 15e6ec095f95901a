"""Online standardisation by the running mean and deviation of all that was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    _Column = NDArray[np.float64]


SETTLED_ROWS = 1_000
"""Rows after which a deviation is known well enough to call a value wild."""

_LARGEST = float(np.finfo(np.float32).max)


class OnlineScaler:
    """Scales columns to zero mean and unit deviation, by running sums in float64.

    The sums are taken about the first row (the shifted-data algorithm of Chan, Golub & LeVeque, 1983), so that a
    feature far from zero does not lose its variance to cancellation. Rows are added one after another, whatever
    the size of the calls: the statistics depend on the rows alone, bit for bit. A column that has not varied yet
    is centred and left unscaled.

    One absurd value (a sensor that says 1e30 once) would widen a column's deviation for good, and so take the
    column away. Hence, once there were ``SETTLED_ROWS``, a value further than ``limit`` deviations from the mean
    counts as that far (is winsorised), by the statistics of the rows before it. A column that really changes its
    range by more than that widens them step by step, and is followed.

    >>> scaler = OnlineScaler(1)
    >>> scaler.absorb(torch.tensor([[10.0], [12.0], [14.0]])).flatten().tolist()
    [0.0, 1.0, 1.2247449159622192]
    >>> scaler.scale(torch.tensor([[12.0]])).tolist()
    [[0.0]]
    """

    def __init__(self, features: int, *, limit: float | None = None) -> None:
        assert limit is None or limit > 1
        self.count = 0
        self.limited = 0
        """Values that were absorbed as less than they were; of this process, and no part of the state."""
        self._limit = limit
        self._bounds: tuple[Tensor, Tensor] | None = None
        # A row that is z deviations away from n before it is z √(n / (n + 1 + z²)) away from them and itself. Few
        # come near the least that this can be, and only those need a closer look.
        squared = np.inf if limit is None else limit**2
        self._suspect = 0.99 * np.sqrt(SETTLED_ROWS / (1 + (SETTLED_ROWS + 1) / squared))
        self._shift = np.zeros(features)
        self._sums = np.zeros((2, features))
        self._mean = torch.zeros(features)
        self._inverse_deviation = torch.ones(features)

    def absorb(self, x: Tensor) -> Tensor:
        """Add rows ``(rows, features) float32``; return each scaled by the statistics up to and with itself."""
        scaled = []
        while len(x):
            done, wild = self._absorb_tame(x)
            scaled.append(done)
            x = x[len(done) :]
            if wild:
                within = self._within(x[:1])
                self.limited += int((within != x[:1]).sum())
                x = torch.cat((within, x[1:]))
        return x if not scaled else scaled[0] if len(scaled) == 1 else torch.cat(scaled)

    def _absorb_tame(self, x: Tensor) -> tuple[Tensor, bool]:
        """Add the rows before the first that has to be limited; return them scaled, and whether there is one."""
        if self.count == 0:
            self._shift = x[0].numpy().astype(np.float64)
        rows = x.numpy() - self._shift
        # Both sums side by side; row 0 is what was summed before.
        sums = np.empty((len(x) + 1, *self._sums.shape))
        sums[0], sums[1:, 0] = self._sums, rows
        np.multiply(rows, rows, out=sums[1:, 1])
        np.add.accumulate(sums, axis=0, out=sums)
        counts = np.arange(self.count + 1, self.count + len(x) + 1, dtype=np.float64)[:, None]
        mean, deviation, varied = _moments(sums[1:, 0], sums[1:, 1], counts)
        rows -= mean
        rows /= deviation
        tame = self._tame(x, rows, mean, deviation, varied)
        if not tame:
            return x[:0], True
        self.count += tame
        self._sums = sums[tame].copy()
        self._use(mean[tame - 1], deviation[tame - 1], varied[tame - 1])
        return torch.from_numpy(rows[:tame].astype(np.float32)), tame < len(x)

    def scale(self, x: Tensor) -> Tensor:
        """Return ``x`` ``(rows, features) float32`` scaled by the statistics as they are now."""
        return (self._within(x) - self._mean).mul_(self._inverse_deviation)

    def unscale(self, x: Tensor) -> Tensor:
        """Return the inverse of :meth:`scale`."""
        return (x / self._inverse_deviation).add_(self._mean)

    @property
    def deviation(self) -> NDArray[np.float64]:
        """The running deviation of every column ``(features,) float64``; 1 where it has not varied."""
        return np.asarray(1.0 / self._inverse_deviation.numpy().astype(np.float64))

    def state_dict(self) -> dict[str, Any]:
        """Return the sums, their shift and the count."""
        return {"count": self.count, "shift": self._shift, "sums": self._sums}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self.count = state["count"]
        self._shift = np.array(state["shift"])
        self._sums = np.array(state["sums"])
        self._refresh()

    def _refresh(self) -> None:
        if self.count:
            self._use(*_moments(self._sums[0], self._sums[1], np.float64(self.count)))

    def _use(self, mean: _Column, deviation: _Column, varied: NDArray[np.bool_]) -> None:
        self._mean = torch.from_numpy((mean + self._shift).astype(np.float32))
        self._inverse_deviation = torch.from_numpy((1.0 / deviation).astype(np.float32))
        if self._limit is not None and self.count >= SETTLED_ROWS:
            low, high = self._reach(mean, deviation, varied)
            self._bounds = torch.from_numpy(low), torch.from_numpy(high)

    def _within(self, x: Tensor) -> Tensor:
        return x if self._bounds is None else x.clamp(*self._bounds)

    def _reach(
        self, mean: _Column, deviation: _Column, varied: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the least and the largest value that the next row may have; any where a column has not varied."""
        assert self._limit is not None
        reach = np.where(varied, self._limit * deviation, np.inf)
        centre = mean + self._shift
        low, high = np.maximum(centre - reach, -_LARGEST), np.minimum(centre + reach, _LARGEST)
        return low.astype(np.float32), high.astype(np.float32)

    def _tame(
        self, x: Tensor, scaled: _Column, mean: _Column, deviation: _Column, varied: NDArray[np.bool_]
    ) -> int:
        """Return how many rows come before the first that is out of reach of those before it."""
        if self._limit is None or self.count + len(x) <= SETTLED_ROWS:
            return len(x)
        if max(scaled.max(), -scaled.min()) <= self._suspect:
            return len(x)
        for row in np.flatnonzero((np.abs(scaled) > self._suspect).any(axis=1)).tolist():
            if self.count + row < SETTLED_ROWS:
                continue
            if row == 0:
                assert self._bounds is not None
                low, high = self._bounds[0].numpy(), self._bounds[1].numpy()
            else:
                low, high = self._reach(mean[row - 1], deviation[row - 1], varied[row - 1])
            if ((x[row].numpy() < low) | (x[row].numpy() > high)).any():
                return int(row)
        return len(x)


def _moments(
    first: _Column, second: _Column, count: _Column | np.float64
) -> tuple[_Column, _Column, NDArray[np.bool_]]:
    """Return the mean of the shifted rows, their deviation, and whether they have varied; 1 where they have not.

    All that it takes is the sums of them and of their squares.
    """
    mean = first / count
    mean_square = second / count
    variance = mean_square - mean * mean
    # Below this share of the mean square, a variance is rounding error: the column has not varied.
    varied = variance > 1e-12 * mean_square
    return mean, np.sqrt(np.where(varied, variance, 1.0)), varied

"""Online standardisation by the running mean and deviation of all that was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor


class OnlineScaler:
    """Scales columns to zero mean and unit deviation, by running sums in float64.

    The sums are taken about the first row (the shifted-data algorithm of Chan, Golub & LeVeque, 1983), so that a
    feature far from zero does not lose its variance to cancellation. Rows are added one after another, whatever
    the size of the calls: the statistics depend on the rows alone, bit for bit. A column that has not varied yet
    is centred and left unscaled.

    >>> scaler = OnlineScaler(1)
    >>> scaler.absorb(torch.tensor([[10.0], [12.0], [14.0]])).flatten().tolist()
    [0.0, 1.0, 1.2247449159622192]
    >>> scaler.scale(torch.tensor([[12.0]])).tolist()
    [[0.0]]
    """

    def __init__(self, features: int) -> None:
        self.count = 0
        self._shift = np.zeros(features)
        self._sums = np.zeros((2, features))
        self._mean = torch.zeros(features)
        self._inverse_deviation = torch.ones(features)

    def absorb(self, x: Tensor) -> Tensor:
        """Add rows ``(rows, features) float32``; return each scaled by the statistics up to and with itself."""
        if not len(x):
            return x
        if self.count == 0:
            self._shift = x[0].numpy().astype(np.float64)
        rows = x.numpy() - self._shift
        # Both sums side by side; row 0 is what was summed before.
        sums = np.empty((len(x) + 1, *self._sums.shape))
        sums[0], sums[1:, 0] = self._sums, rows
        np.multiply(rows, rows, out=sums[1:, 1])
        np.add.accumulate(sums, axis=0, out=sums)
        counts = np.arange(self.count + 1, self.count + len(x) + 1, dtype=np.float64)[:, None]
        mean, deviation = _moments(sums[1:, 0], sums[1:, 1], counts)
        self.count += len(x)
        self._sums = sums[-1].copy()
        self._use(mean[-1], deviation[-1])
        rows -= mean
        rows /= deviation
        return torch.from_numpy(rows.astype(np.float32))

    def scale(self, x: Tensor) -> Tensor:
        """Return ``x`` ``(rows, features) float32`` scaled by the statistics as they are now."""
        return (x - self._mean).mul_(self._inverse_deviation)

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

    def _use(self, mean: NDArray[np.float64], deviation: NDArray[np.float64]) -> None:
        self._mean = torch.from_numpy((mean + self._shift).astype(np.float32))
        self._inverse_deviation = torch.from_numpy((1.0 / deviation).astype(np.float32))


def _moments(
    first: NDArray[np.float64], second: NDArray[np.float64], count: NDArray[np.float64] | np.float64
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean of the shifted rows and their deviation, from the sums of them and of their squares."""
    mean = first / count
    mean_square = second / count
    variance = mean_square - mean * mean
    # Below this share of the mean square, a variance is rounding error: the column has not varied.
    varied = variance > 1e-12 * mean_square
    return mean, np.sqrt(np.where(varied, variance, 1.0))

"""Sums of columns that fade: how many values, their sum, and that of their squares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Columns = NDArray[np.float64]

_ROUNDING = 1e-12
"""Below this share of the mean square, a variance is rounding error: the column has not varied."""


_LEAST_VARIANCE = 1e-74
"""A deviation below the root of this has no inverse in float32: values as near as that are the same value."""


class ColumnMoments:
    """Count, sum and sum of squares of every column, about a point near its values, ``(3, columns) float64``.

    Rows are added one after another, whatever the size of the calls: the sums depend on the rows alone, bit for
    bit. Each column counts its values for itself, since some of a row's may be left out.
    """

    __slots__ = ("sums",)

    def __init__(self, columns: int) -> None:
        self.sums = np.zeros((3, columns))

    @property
    def count(self) -> Columns:
        """How many values each column has; a view."""
        count: Columns = self.sums[0]
        return count

    def add(self, rows: Columns, *, within: NDArray[np.bool_] | None = None) -> None:
        """Add rows ``(rows, columns) float64``; of those, the values that ``within`` says, where it is given."""
        stacked = np.empty((len(rows) + 1, *self.sums.shape))
        stacked[0] = self.sums
        if within is None:
            stacked[1:, 0], stacked[1:, 1] = 1.0, rows
        else:
            stacked[1:, 0] = within
            np.multiply(rows, within, out=stacked[1:, 1])
        np.multiply(stacked[1:, 1], stacked[1:, 1], out=stacked[1:, 2])
        # Along the first axis, row by row.
        np.add.reduce(stacked, axis=0, out=self.sums)

    def join(self, other: ColumnMoments, *, kept: float) -> None:
        """Let these sums fade to a share, and add others about the same point."""
        self.sums *= kept
        self.sums += other.sums

    def weigh(self, columns: NDArray[np.bool_], *, at_most: float) -> None:
        """Let the values of some columns count no more than so many would."""
        held = self.sums[:, columns]
        self.sums[:, columns] = held * np.minimum(1.0, at_most / np.maximum(held[0], 1.0))

    def take(self, columns: NDArray[np.bool_], other: ColumnMoments) -> None:
        """Let some columns be those of others about the same point."""
        self.sums[:, columns] = other.sums[:, columns]

    def clear(self) -> None:
        """Begin anew."""
        self.sums[:] = 0.0

    def moments(self) -> tuple[Columns, Columns, NDArray[np.bool_]]:
        """Return each column's mean, less the point, its deviation, and whether it has varied.

        The deviation of one that has not is 1.
        """
        return moments(self.sums[1], self.sums[2], np.maximum(self.sums[0], 1.0))


def moments(first: Columns, second: Columns, count: Columns | float) -> tuple[Columns, Columns, NDArray[np.bool_]]:
    """Return mean, deviation and whether there is any, of so many values with these sums."""
    mean = first / count
    mean_square = second / count
    variance = mean_square - mean * mean
    varied = variance > np.maximum(_ROUNDING * mean_square, _LEAST_VARIANCE)
    return mean, np.sqrt(np.where(varied, variance, 1.0)), varied

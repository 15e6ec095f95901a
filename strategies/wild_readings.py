"""What came out of reach of a column's scale: a marker, a broken sensor, another unit or another world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from strategies.column_moments import ColumnMoments

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    Columns = NDArray[np.float64]


class WildReadings:
    """The readings of a stretch that lie out of reach, about the same points as those within reach.

    A marker such as -9999, or a sensor at its rail, says one or two things only. Hence a column's readings count as
    varied once a third value has come.
    """

    def __init__(self, columns: int) -> None:
        self.moments = ColumnMoments(columns)
        self._said = np.full((2, columns), np.nan)
        self._varied = np.zeros(columns, dtype=bool)
        self._any = False

    def __bool__(self) -> bool:
        """Whether there are any."""
        return self._any

    def add(self, rows: Columns, *, wild: NDArray[np.bool_]) -> None:
        """Add those of the rows ``(rows, columns)`` that ``wild`` says."""
        self._any = True
        self.moments.add(np.where(wild, rows, 0.0), within=wild)
        for column in np.flatnonzero(wild.any(axis=0) & ~self._varied).tolist():
            for value in rows[wild[:, column], column].tolist():
                self._hear(column, value)

    @property
    def varied(self) -> NDArray[np.bool_]:
        """Which columns' wild readings have said more than two things ``(columns,)``; a view."""
        return self._varied

    def share(self, rows: int) -> Columns:
        """Return how many of so many rows were wild, by column ``(columns,)``."""
        return self.moments.count / rows

    def forget_values(self) -> None:
        """Keep no single value: as if those that come next were the first ones."""
        self._said[:] = np.nan

    def clear(self) -> None:
        """Begin anew."""
        if self._any:
            self._any = False
            self.moments.clear()
            self._said[:] = np.nan
            self._varied[:] = False

    def state_dict(self) -> dict[str, Any]:
        """Return the sums, and what each column has said."""
        return {
            "wild": self.moments.sums.copy(),
            "said": self._said.copy(),
            "said_more": self._varied.astype(np.uint8),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self._any = bool(np.asarray(state["wild"]).any())
        self.moments.sums[:], self._said[:] = np.asarray(state["wild"]), np.asarray(state["said"])
        self._varied[:] = np.asarray(state["said_more"], dtype=bool)

    def _hear(self, column: int, value: float) -> None:
        first, second = self._said[:, column]
        if np.isnan(first):
            self._said[0, column] = value
        elif value != first and np.isnan(second):
            self._said[1, column] = value
        elif value not in (first, second):
            self._varied[column] = True

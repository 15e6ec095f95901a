"""What columns were before they changed: how far they spread and wander, and the statistics they had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from strategies.unit_conversions import Habits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from strategies.column_moments import ColumnMoments
    from strategies.stretch import Readings

    Columns = NDArray[np.float64]
    Chosen = NDArray[np.bool_]

_SOME: Final = 3
"""Stretches until something is usual."""
_NEWEST: Final = 1 / 8
"""Least share of the newest stretch in what is usual."""
_UNSETTLED: Final = 2
"""Stretches after the one in which a change came, which is half of one and half of the other."""
_WANDERINGS, _DEVIATIONS = 8.0, 2.0
"""So many, or so many within a stretch, no column goes between two."""


class ColumnPast:
    """The habits of each column, by the stretches in which nothing happened, and what it was before it changed.

    Some hundred rows spread less than those of a year, and where rows follow each other slowly, the means of two
    stretches are close: this, not the deviation of all rows, tells a column that has become another from one that
    moves.
    """

    def __init__(self, columns: int) -> None:
        self._table = np.zeros((13, columns))
        self._habits, self._former_habits, self._former = self._table[:4], self._table[4:8], self._table[8:12]
        self._level, self._spread, self._wander, self._stretches = self._habits
        self._age = self._table[12]

    def live(self, readings: Readings, *, chosen: Chosen) -> Chosen:
        """Take in what a stretch says of some columns; return which have leapt from where they were ``(columns,)``.

        A column that has leapt stays so until it is settled where it is now, or has come back.
        """
        self._age += 1
        settled = chosen & (self._former[0] > 0) & (self._age == _UNSETTLED + 1)
        self._level[settled] = readings.mean[settled]
        step = np.maximum(_WANDERINGS * self._wander, _DEVIATIONS * self._spread)
        apart = np.abs(readings.mean - self._level)
        leapt = chosen & (self._stretches >= _SOME) & (apart > step)
        usual = chosen & ~leapt & ~settled & ~self._is_unsettled
        newest = usual * np.maximum(_NEWEST, 1 / (self._stretches + 1))
        self._spread += newest * (readings.deviation - self._spread)
        self._wander += newest * (np.where(self._stretches > 0, apart, 0.0) - self._wander)
        self._level[usual] = readings.mean[usual]
        self._stretches += usual
        return np.asarray(leapt)

    def leave(self, columns: Chosen, statistics: ColumnMoments, far: Columns) -> None:
        """Remember what columns are before they change; what one was before it began to change stays."""
        columns = columns & ~self._is_unsettled
        self._former_habits[:, columns] = self._habits[:, columns]
        self._former[:3, columns] = statistics.sums[:, columns]
        self._former[3, columns] = far[columns]
        self._age[columns] = 0

    def come_back(self, columns: Chosen, statistics: ColumnMoments, far: Columns) -> None:
        """Let columns be what they were before they changed, if they have."""
        columns = columns & (self._former[0] > 0)
        self._habits[:, columns] = self._former_habits[:, columns]
        statistics.sums[:, columns] = self._former[:3, columns]
        far[columns] = self._former[3, columns]
        self._former[:, columns] = 0.0

    def begin_anew(self, columns: Chosen) -> None:
        """Let columns have neither habits nor a past."""
        self._table[:, columns] = 0.0

    def habits(self, column: int) -> Habits | None:
        """Return how readings of a column come, about the point that all is about; None where nobody knows yet."""
        level, spread, wander, stretches = self._habits[:, column].tolist()
        return Habits(level, spread, wander) if stretches >= _SOME else None

    def state(self) -> Columns:
        """Return all of it ``(13, columns)``."""
        return self._table.copy()

    def load(self, state: Columns) -> None:
        """Take up what ``state`` returned."""
        self._table[:] = state

    @property
    def _is_unsettled(self) -> Chosen:
        return np.asarray((self._former[0] > 0) & (self._age <= _UNSETTLED))

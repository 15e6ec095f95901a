"""Where a settled scale should go: what the statistics of a stretch of rows say of each column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from strategies.column_moments import ColumnMoments
from strategies.unit_conversions import Conversion, conversion_between
from strategies.wild_readings import WildReadings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Columns = NDArray[np.float64]
    Chosen = NDArray[np.bool_]

STRETCH_ROWS: Final = 256
"""The fewest rows that are judged together."""
YOUNG_ROWS: Final = 4_096
"""Rows until which a scale that was too wide from the start is found out."""

_OUTLIERS, _HALF, _NEARLY_ALL = 0.1, 0.5, 0.95
"""Shares of a stretch's readings."""
_LEVEL = 4.0
"""Deviations by which the mean of a stretch differs where the level has changed."""
_NARROW = 1 / 20
"""Of the deviation: that of a stretch where the scale is too wide."""
_FAR = 1e6
"""Deviations from what sums are about at which float64 does not tell the deviation any more."""
_NEW_STARTS = 2
"""How often a column may become another. Later it is one that comes and goes, and both belong to its range."""


@dataclass(slots=True)
class Scale:
    """Mean and deviation of every column ``(columns,) float64``, and whether it has varied.

    The mean is less a shift that the rows are less, too; the deviation is 1 where nothing has varied.
    """

    mean: Columns
    deviation: Columns
    varied: Chosen


@dataclass(slots=True)
class Judgement:
    """What was found in a stretch."""

    scale: Scale
    """Where the statistics are now."""
    begun_anew: Chosen
    """Columns that have become another ``(columns,)``."""
    units: list[tuple[int, Conversion]]
    """Columns whose readings now come in another unit, and what takes the old one to it."""
    shifted: Columns
    """By how much what rows are less has grown ``(columns,)``."""


class ScaleWatch:
    """Statistics that fade, and what came out of reach since they were last judged."""

    def __init__(
        self, statistics: ColumnMoments, *, shift: Columns, limit: float | None, half_life: float | None
    ) -> None:
        columns = statistics.sums.shape[1]
        self.rows = 0
        """Since the last judgement."""
        self.statistics = statistics
        self.shift = shift.copy()
        """What all rows are less ``(columns,)``: near the values, as a float32 is."""
        self._limit = limit
        self._half_life = half_life
        self._stretch = ColumnMoments(columns)
        self._wild = WildReadings(columns)
        self._far = np.zeros((2, columns))
        """The furthest from the mean that there was: faded, and in this stretch."""
        self._narrow = np.zeros(columns, dtype=bool)
        self._suspected = np.zeros(columns, dtype=bool)
        self._new_starts = np.zeros(columns, dtype=np.int64)

    def see(self, rows: Columns, *, wild: Chosen | None, mean: Columns) -> None:
        """Take in rows ``(rows, columns)``; ``wild`` are the values out of reach, ``mean`` is that of the scale."""
        self.rows += len(rows)
        if wild is None:
            self._stretch.add(rows)
            away = np.abs(rows - mean)
        else:
            self._stretch.add(rows, within=~wild)
            self._wild.add(rows, wild=wild)
            away = np.abs(np.where(wild, mean, rows) - mean)
        np.maximum(self._far[1], away.max(axis=0), out=self._far[1])

    def judge(self, used: Scale, *, young: bool, replaced: bool) -> Judgement:
        """Say where the scale should be after the rows since the last time, and begin a new stretch."""
        begun, units = np.zeros(len(self.shift), dtype=bool), []
        suspected, self._suspected = self._suspected, self._wild.varied & (self._wild.share(self.rows) >= _OUTLIERS)
        # A change seldom comes with a new stretch: the one that it begins in is half of one and half of the other.
        for column in np.flatnonzero(suspected & self._suspected).tolist():
            unit = self._unit(column, used) if replaced else None
            if unit is not None:
                units.append((column, unit))
            else:
                begun[column] = self._take_in(column, replaced=replaced)
        shifted = self._come_nearer()
        begun |= shifted != 0
        self._follow_levels(used)
        if young:
            begun |= self._too_wide(used)
        self.statistics.join(self._stretch, kept=self._fading(self.rows))
        self._far[0] = np.maximum(self._far[0] * self._fading(self.rows), self._far[1])
        self._far[0][begun] = 0.0
        self._begin_stretch()
        return Judgement(self._scale(), begun, units, shifted)

    def take_up(self, other: ScaleWatch) -> None:
        """Become like another that was like this one, and has seen rows since."""
        self.rows = other.rows
        self._stretch.sums[:] = other._stretch.sums
        self._far[1] = other._far[1]
        if other._wild:
            self._wild.load_state_dict(other._wild.state_dict())

    def _unit(self, column: int, used: Scale) -> Conversion | None:
        """Return the conversion that explains what nearly all readings of a column say."""
        wild = self._wild.moments
        if self._wild.share(self.rows)[column] < _NEARLY_ALL or not used.varied[column]:
            return None
        mean, deviation, _ = wild.moments()
        return conversion_between(
            mean=float(used.mean[column] + self.shift[column]),
            deviation=float(used.deviation[column]),
            seen=float(mean[column] + self.shift[column]),
            spread=float(deviation[column]),
        )

    def _take_in(self, column: int, *, replaced: bool) -> bool:
        """Let wild readings count; return whether the column has begun anew with them."""
        share = self._wild.share(self.rows)[column]
        anew = replaced and share >= _HALF and self._new_starts[column] < _NEW_STARTS
        chosen = np.zeros(len(self._narrow), dtype=bool)
        chosen[column] = True
        self.statistics.weigh(chosen, at_most=0.0 if anew else self.rows)
        self._stretch.sums[:, column] += self._wild.moments.sums[:, column]
        self._new_starts[column] += anew
        return bool(anew)

    def _follow_levels(self, used: Scale) -> None:
        """Let the past count little where the level has changed, or where a column varies for the first time."""
        mean, _, varied = self._stretch.moments()
        enough = self._stretch.count >= _HALF * self.rows
        moved = used.varied & (np.abs(mean - used.mean) > _LEVEL * used.deviation)
        first = ~used.varied & (varied | (np.abs(mean - used.mean) > 0))
        self.statistics.weigh(enough & (moved | first), at_most=self.rows)

    def _too_wide(self, used: Scale) -> Chosen:
        """Return the columns whose scale was far too wide for two stretches; they begin anew with the second."""
        _, deviation, varied = self._stretch.moments()
        enough = varied & (self._stretch.count >= _HALF * self.rows)
        narrow = enough & used.varied & (deviation < _NARROW * used.deviation)
        twice = narrow & self._narrow
        self._narrow = narrow & ~twice
        self.statistics.weigh(twice, at_most=0.0)
        return np.asarray(twice)

    def _come_nearer(self) -> Columns:
        """Shift columns whose values are far from what sums are about, as seen from there; return by how much.

        What they spread is lost in rounding by then: they begin anew with the next stretch.
        """
        mean, deviation, varied = self._stretch.moments()
        there = self.shift + mean
        spread = np.where(varied, deviation, np.maximum(np.abs(there), 1.0))
        far = (self._stretch.count >= _HALF * self.rows) & (np.abs(mean) > _FAR * spread)
        before = self.shift
        self.shift = np.where(far, there.astype(np.float32), before)
        for sums in (self.statistics, self._stretch):
            sums.weigh(far, at_most=0.0)
        self._far[:, far] = 0.0
        return self.shift - before

    def _scale(self) -> Scale:
        mean, deviation, varied = self.statistics.moments()
        if self._limit is not None:
            # What is seldom and not absurd stays within reach, however seldom it becomes.
            deviation = np.where(varied, np.maximum(deviation, self._far[0] / self._limit), deviation)
        return Scale(mean, deviation, varied)

    def _fading(self, rows: int) -> float:
        return 1.0 if self._half_life is None else float(0.5 ** (rows / self._half_life))

    def _begin_stretch(self) -> None:
        self.rows = 0
        self._stretch.clear()
        self._wild.clear()
        self._far[1] = 0.0

    def state_dict(self) -> dict[str, Any]:
        """Return the statistics, and what there is of the stretch."""
        return {
            "rows": self.rows,
            "shift": self.shift,
            "statistics": self.statistics.sums.copy(),
            "stretch": self._stretch.sums.copy(),
            "far": self._far.copy(),
            "suspected": self._suspected.astype(np.uint8),
            "narrow": self._narrow.astype(np.uint8),
            "new_starts": self._new_starts.copy(),
            **self._wild.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self.rows = int(state["rows"])
        self.shift = np.array(state["shift"])
        self.statistics.sums[:] = np.asarray(state["statistics"])
        self._stretch.sums[:] = np.asarray(state["stretch"])
        self._far[:] = np.asarray(state["far"])
        self._suspected[:] = np.asarray(state["suspected"], dtype=bool)
        self._narrow[:] = np.asarray(state["narrow"], dtype=bool)
        self._new_starts[:] = np.asarray(state["new_starts"])
        self._wild.load_state_dict(state)

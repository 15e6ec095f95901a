"""Where a settled scale should go: what the statistics of a stretch of rows say of each column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from strategies.column_past import ColumnPast
from strategies.stretch import Stretch
from strategies.unit_conversions import Conversion, Habits, conversion_between

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from strategies.column_moments import ColumnMoments
    from strategies.stretch import Readings

    Columns = NDArray[np.float64]
    Chosen = NDArray[np.bool_]

STRETCH_ROWS: Final = 256
"""The fewest rows that are judged together."""
YOUNG_ROWS: Final = 4_096
"""Rows until which a scale that was too wide from the start is found out."""

_OUTLIERS, _HALF, _NEARLY_ALL = 0.1, 0.5, 0.95
"""Shares of a stretch's readings."""
_NOT_ENDING = 0.75
"""Share of the outliers of the stretch before: with fewer, what was wrong is coming to its end."""
_LEVEL = 4.0
"""Deviations by which the mean of a stretch differs where the level has changed."""
_NARROW = 1 / 20
"""Of the deviation: that of a stretch where the scale is too wide."""
_FLAT = 0.01
"""Least spread of a stretch, in deviations."""
_NOISE = 20.0
"""Deviations that the readings of a broken sensor spread at least."""
_UNLIKELY = 9.0
"""Of a conversion of units: three deviations from what would be expected."""
_FAR = 1e6
"""Deviations from what sums are about at which float64 does not tell the deviation any more."""
_NEW_STARTS = 2
"""How often a column may become another within about a half-life. Then it is one that comes and goes, and both
belong to its range."""


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
    estimated: list[tuple[int, Conversion]]
    """Columns of noise, and what takes how they were to how they are."""
    come_and_go: Chosen
    """Columns that were noise too often for that ``(columns,)``."""
    shifted: Columns
    """By how much what rows are less has grown ``(columns,)``."""


class ScaleWatch:
    """Statistics that fade, and the rows since they were last judged."""

    def __init__(
        self, statistics: ColumnMoments, *, shift: Columns, limit: float | None, half_life: float | None
    ) -> None:
        columns = statistics.sums.shape[1]
        self.statistics = statistics
        self.shift = shift.copy()
        """What all rows are less ``(columns,)``: near the values, as a float32 is."""
        self._limit = limit
        self._half_life = half_life
        self._stretch = Stretch(columns)
        self._past = ColumnPast(columns)
        self._far = np.zeros(columns)
        """The furthest from the mean that there was, faded."""
        self._narrow = np.zeros(columns, dtype=bool)
        self._outliers = np.zeros(columns)
        """Their share of the stretch before this one."""
        self._new_starts = np.zeros(columns)
        """Faded."""
        self._is_noise = np.zeros(columns, dtype=bool)

    @property
    def rows(self) -> int:
        """Those since the last judgement."""
        return self._stretch.rows

    def see(self, rows: Columns, *, wild: Chosen | None, by_estimate: Chosen | None, mean: Columns) -> None:
        """Take in rows ``(rows, columns)`` as :meth:`Stretch.see` does."""
        self._stretch.see(rows, wild=wild, by_estimate=by_estimate, noise=self._is_noise, mean=mean)

    def judge(self, used: Scale, *, young: bool, replaced: bool) -> Judgement:
        """Say where the scale should be after the rows since the last time, and begin a new stretch."""
        suspects, tame = self._suspects(), self._stretch.tame()
        leapt = self._past.live(tame, chosen=tame.varied & (tame.share >= _NEARLY_ALL))
        self._past.leave(leapt, self.statistics, self._far)
        units = self._units(used, leapt=leapt, suspects=suspects) if replaced else {}
        come_and_go = self._come_and_go()
        begun, estimated = np.zeros(len(self.shift), dtype=bool), {}
        astray = self._stretch.outliers() >= _HALF
        for column in np.flatnonzero(suspects).tolist():
            if column in units:
                continue
            estimate = self._estimate(column, used) if replaced else None
            if estimate is not None:
                estimated[column] = estimate
            else:
                begun[column] = self._take_in(column, replaced=replaced)
                astray[column] = False
        # Where most are out of reach, those within are there by chance.
        self._stretch.leave_out(astray)
        self._come_back([*units, *estimated])
        shifted = self._come_nearer()
        begun |= shifted != 0
        self._follow_levels(used)
        if young:
            begun |= self._too_wide(used)
        kept = self._fading(self.rows)
        self.statistics.join(self._stretch.within, kept=kept)
        self._far = np.where(begun, 0.0, np.maximum(self._far * kept, self._stretch.far))
        self._stretch.begin_anew()
        self._new_starts *= kept
        return Judgement(self._scale(), begun, list(units.items()), list(estimated.items()), come_and_go, shifted)

    def take_up(self, other: ScaleWatch) -> None:
        """Become like another that was like this one, and has seen rows since."""
        self._stretch.take_up(other._stretch)

    def _suspects(self) -> Chosen:
        """Return the columns that were out of reach for two stretches, and are going on to be ``(columns,)``.

        A change seldom comes with a new stretch: the one that it begins in is half of one and half of the other.
        """
        before, self._outliers = self._outliers, self._stretch.outliers()
        return (before >= _OUTLIERS) & (self._outliers >= np.maximum(_OUTLIERS, _NOT_ENDING * before))

    def _units(self, used: Scale, *, leapt: Chosen, suspects: Chosen) -> dict[int, Conversion]:
        """Return the conversion that explains what has come out of reach, of the columns that have one.

        Where readings are within reach, and may well mean what they say, it has to be one between temperatures, and
        the same for all columns that have leapt: where others have too, it is the plant that has changed.
        """
        units = {}
        tame, beyond = self._stretch.tame(), self._stretch.beyond()
        within = {
            column: self._conversion(column, used, tame, within=True) for column in np.flatnonzero(leapt).tolist()
        }
        if len(set(within.values())) == 1 and all(unit is not None and unit.offset for unit in within.values()):
            units = {column: unit for column, unit in within.items() if unit is not None}
        for column in np.flatnonzero(suspects & used.varied).tolist():
            unit = self._conversion(column, used, beyond, within=False)
            if unit is not None:
                units[column] = unit
        return units

    def _conversion(self, column: int, used: Scale, readings: Readings, *, within: bool) -> Conversion | None:
        shift, deviation = float(self.shift[column]), float(used.deviation[column])
        before = self._past.habits(column) or Habits(float(used.mean[column]), deviation, deviation)
        return conversion_between(
            Habits(before.level + shift, max(before.spread, _FLAT * deviation), before.wander),
            seen=float(readings.mean[column]) + shift,
            spread=float(readings.deviation[column]),
            unlikely=_UNLIKELY,
            exact=within,
        )

    def _estimate(self, column: int, used: Scale) -> Conversion | None:
        """Return what takes how a column usually reads to how most readings are, where they are but noise."""
        before, readings = self._past.habits(column), self._stretch.beyond()
        if before is None or readings.share[column] < _HALF or self._new_starts[column] >= _NEW_STARTS:
            return None
        spread, deviation = float(readings.deviation[column]), float(used.deviation[column])
        if spread < _NOISE * deviation:
            return None
        factor = spread / max(before.spread, _FLAT * deviation)
        self._new_starts[column] += 1
        self._is_noise[column] = True
        shift = float(self.shift[column])
        return Conversion(factor, float(readings.mean[column]) + shift - factor * (before.level + shift))

    def _come_and_go(self) -> Chosen:
        """Return the columns that have been noise, and themselves, and noise too often."""
        share = self._stretch.by_estimate / self.rows
        comes = ~self._is_noise & (share >= _HALF)
        self._is_noise = np.where(share >= _HALF, True, self._is_noise & (share > 1 - _NEARLY_ALL))
        self._new_starts += comes
        return np.asarray(comes & (self._new_starts > _NEW_STARTS))

    def _come_back(self, columns: list[int]) -> None:
        """Let columns have the statistics from before they began to leap, and those of this stretch not count."""
        chosen = np.zeros(len(self.shift), dtype=bool)
        chosen[columns] = True
        self._past.come_back(chosen, self.statistics, self._far)
        self._stretch.leave_out(chosen)

    def _take_in(self, column: int, *, replaced: bool) -> bool:
        """Let wild readings count; return whether the column has begun anew with them."""
        share = self._stretch.outliers()[column]
        anew = replaced and share >= _HALF and self._new_starts[column] < _NEW_STARTS
        chosen = np.zeros(len(self._narrow), dtype=bool)
        chosen[column] = True
        self.statistics.weigh(chosen, at_most=0.0 if anew else self.rows)
        self._stretch.take_in(column)
        self._new_starts[column] += anew
        return bool(anew)

    def _follow_levels(self, used: Scale) -> None:
        """Let the past count little where the level has changed, or where a column varies for the first time."""
        tame = self._stretch.tame()
        away = np.abs(tame.mean - used.mean)
        moved = used.varied & (away > _LEVEL * used.deviation)
        first = ~used.varied & (tame.varied | (away > 0))
        self.statistics.weigh((tame.share >= _HALF) & (moved | first), at_most=self.rows)

    def _too_wide(self, used: Scale) -> Chosen:
        """Return the columns whose scale was far too wide for two stretches; they begin anew with the second."""
        tame = self._stretch.tame()
        enough = tame.varied & (tame.share >= _HALF)
        narrow = enough & used.varied & (tame.deviation < _NARROW * used.deviation)
        twice = narrow & self._narrow
        self._narrow = narrow & ~twice
        self.statistics.weigh(twice, at_most=0.0)
        return np.asarray(twice)

    def _come_nearer(self) -> Columns:
        """Shift columns whose values are far from what sums are about, as seen from there; return by how much.

        What they spread is lost in rounding by then: they begin anew with the next stretch.
        """
        tame = self._stretch.tame()
        there = self.shift + tame.mean
        spread = np.where(tame.varied, tame.deviation, np.maximum(np.abs(there), 1.0))
        far = (tame.share >= _HALF) & (np.abs(tame.mean) > _FAR * spread)
        before = self.shift
        self.shift = np.where(far, there.astype(np.float32), before)
        for sums in (self.statistics, self._stretch.within):
            sums.weigh(far, at_most=0.0)
        self._past.begin_anew(far)
        self._far[far] = self._stretch.far[far] = 0.0
        return self.shift - before

    def _scale(self) -> Scale:
        mean, deviation, varied = self.statistics.moments()
        if self._limit is not None:
            # What is seldom and not absurd stays within reach, however seldom it becomes.
            deviation = np.where(varied, np.maximum(deviation, self._far / self._limit), deviation)
        return Scale(mean, deviation, varied)

    def _fading(self, rows: int) -> float:
        return 1.0 if self._half_life is None else float(0.5 ** (rows / self._half_life))

    def forget_values(self) -> None:
        """Keep sums alone, and no single value."""
        self._stretch.forget_values()

    def state_dict(self) -> dict[str, Any]:
        """Return the statistics, what is remembered of the past, and what there is of the stretch."""
        return {
            "shift": self.shift,
            "statistics": self.statistics.sums.copy(),
            "past": self._past.state(),
            "furthest": self._far.copy(),
            "outliers": self._outliers.copy(),
            "narrow": self._narrow.astype(np.uint8),
            "new_starts": self._new_starts.copy(),
            "is_noise": self._is_noise.astype(np.uint8),
            **self._stretch.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self.shift = np.array(state["shift"])
        self.statistics.sums[:] = np.asarray(state["statistics"])
        self._past.load(np.asarray(state["past"]))
        self._far[:] = np.asarray(state["furthest"])
        self._outliers[:] = np.asarray(state["outliers"])
        self._narrow[:] = np.asarray(state["narrow"], dtype=bool)
        self._new_starts[:] = np.asarray(state["new_starts"])
        self._is_noise[:] = np.asarray(state["is_noise"], dtype=bool)
        self._stretch.load_state_dict(state)

"""Online standardisation: a scale that follows the stream, and that broken readings do not spoil."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from strategies.column_moments import ColumnMoments
from strategies.column_units import ColumnUnits
from strategies.scale_watch import STRETCH_ROWS, YOUNG_ROWS, Scale, ScaleWatch
from strategies.young_scale import YoungScale

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from strategies.unit_conversions import Conversion

HALF_LIFE = 50_000.0
"""Rows after which a row counts half of what it did in the statistics."""

_MOVED = 0.05
"""A column whose scale is off by less, in deviations, stays where it is."""
_CARRIED_FACTOR, _CARRIED_SHIFT = 8.0, 20.0
"""What a function is carried along with at most. What has moved further is not what it was."""
_WATCH = "watch_"
_LARGEST = float(np.finfo(np.float32).max)
_FAR = _LARGEST / (1 << 26)
"""Less than this can be taken from any number of float32 without leaving its range."""


@dataclass(frozen=True, slots=True)
class ScaleChange:
    """How a scale has moved: old = factor · new + offset, by column ``(features,) float32``."""

    factor: Tensor
    """1 where the column has stayed, or has become another."""
    offset: Tensor
    """0 there."""
    begun_anew: Sequence[int] = ()
    """Columns that have become another."""
    units: Sequence[tuple[int, Conversion]] = ()
    """Columns whose readings now come in another unit, and what takes the old one to it."""
    estimated: Sequence[tuple[int, Conversion]] = ()
    """Columns of which most readings are noise now, and what takes how they were to how they are."""


class OnlineScaler:
    """Scales columns to about zero mean and unit deviation, by sums in float64.

    While the stream is young, each row is scaled by the statistics up to and with itself. Then the scale stays
    until ``follow`` moves it to where the statistics are, so that what was learned on scaled rows can move with
    it (see ``Recast``). Statistics fade with ``half_life``, in rows. All depends on the rows alone and on when
    ``follow`` was called, not on how rows were grouped into calls.

    Then, too, a value further than ``limit`` deviations from the mean counts as that far, and stays out of the
    statistics. What is done about those, ``follow`` decides by the stretch of rows since it last did:

    - Few of them, or one or two values again and again (-9999, a sensor at its rail): nothing.
    - Many, and a known conversion of units explains them: each is read in the old unit from then on.
    - Most, and they spread much further than the column ever did: a broken sensor's noise. Each is read so that
      mean and deviation are the usual ones, until the column is itself again.
    - Most, and nothing explains them: the column has become another; its scale begins anew with the stretch, and
      nothing is carried.
    - Otherwise, also where a column comes and goes, the scale widens. So it does always where columns are not to be
      ``replaced``, such as labels, which have to be told in the units they come in.

    >>> scaler = OnlineScaler(1)
    >>> scaler.absorb(torch.tensor([[10.0], [12.0], [14.0]])).flatten().tolist()
    [0.0, 1.0, 1.2247449159622192]
    >>> scaler.scale(torch.tensor([[12.0]])).tolist()
    [[0.0]]
    """

    def __init__(
        self,
        features: int,
        *,
        limit: float | None = None,
        half_life: float | None = HALF_LIFE,
        replaced: bool = True,
        flags: NDArray[np.bool_] | None = None,
    ) -> None:
        """Leave columns that are 0 or 1, ``flags (features,)``, as they are."""
        assert limit is None or limit > 1
        self.limited = 0
        """Values that were absorbed as less than they were; of this process, and no part of the state."""
        self._limit = limit
        self._half_life = half_life
        self._replaced = replaced
        self._young = YoungScale(features)
        self._watch: ScaleWatch | None = None
        self._settled_rows = 0
        self._units = ColumnUnits()
        self._flags = np.zeros(features, dtype=bool) if flags is None else flags
        self._used = Scale(np.zeros(features), np.ones(features), np.zeros(features, dtype=bool))
        self._bounds: tuple[Tensor, Tensor] | None = None
        self._use(self._used)

    @property
    def count(self) -> int:
        """Rows that were absorbed."""
        return self._young.count + self._settled_rows

    def absorb(self, x: Tensor) -> Tensor:
        """Add rows ``(rows, features) float32``; return each scaled."""
        scaled = []
        if self._watch is None and len(x):
            first, x = x[: self._young.room], x[self._young.room :]
            scaled.append(self._with_flags(self._young.absorb(first), first))
            self._use(Scale(*self._young.moments()))
            if not self._young.room:
                self._settle()
        if len(x):
            scaled.append(self._absorb_settled(x))
        return x if not scaled else scaled[0] if len(scaled) == 1 else torch.cat(scaled)

    def follow(self, *, carries: bool) -> ScaleChange | None:
        """Move to where the statistics are, if it is time; return what has moved, None where nothing has.

        Where ``carries`` is false, nobody can move with it: once the stream is not young any more, the scale of a
        column moves only where it has become another.
        """
        if self._watch is None or self._watch.rows < STRETCH_ROWS:
            return None
        used, young = self._used, self.count <= YOUNG_ROWS
        found = self._watch.judge(used, young=young, replaced=self._replaced)
        units = [(column, unit) for column, unit in found.units if self._takes_unit(column, unit)]
        estimated = [(column, unit) for column, unit in found.estimated if not self._flags[column]]
        for column, unit in estimated:
            self._units.add(column, unit, estimated=True)
        for column in np.flatnonzero(found.come_and_go).tolist():
            self._units.forget_estimate(column)
        factor = found.scale.deviation / used.deviation
        offset = (found.scale.mean + found.shifted - used.mean) / used.deviation
        moved = (np.abs(offset) > _MOVED) | (np.abs(np.log(factor)) > _MOVED) | (found.scale.varied != used.varied)
        another = found.begun_anew | (factor > _CARRIED_FACTOR) | (np.abs(offset) > _CARRIED_SHIFT)
        moved &= (another | carries | young) & ~self._flags
        if not (moved.any() or units or estimated):
            return None
        self._use(
            Scale(
                np.where(moved, found.scale.mean, used.mean - found.shifted),
                np.where(moved, found.scale.deviation, used.deviation),
                np.where(moved, found.scale.varied, used.varied),
            )
        )
        carried = moved & ~another & carries
        return ScaleChange(
            factor=torch.from_numpy(np.where(carried, factor, 1.0)).float(),
            offset=torch.from_numpy(np.where(carried, offset, 0.0)).float(),
            begun_anew=np.flatnonzero(moved & another).tolist(),
            units=units,
            estimated=estimated,
        )

    def _takes_unit(self, column: int, unit: Conversion) -> bool:
        """Read a column in another unit from now on, and return whether it can be; a flag has none."""
        return not self._flags[column] and self._units.add(column, unit)

    def scale(self, x: Tensor) -> Tensor:
        """Return ``x`` ``(rows, features) float32`` as scaled now."""
        x, _ = self._read(x)
        if self._bounds is not None:
            x = x.clamp(*self._bounds)
        return self._scaled(x)

    def unscale(self, x: Tensor) -> Tensor:
        """Return the inverse of :meth:`scale`, in each column's first unit."""
        return (x / self._inverse_deviation).add_(self._mean).add_(self._shift)

    def is_like(self, other: OnlineScaler) -> bool:
        """Tell whether both have the same state."""
        if self.count != other.count or not self.scales_like(other):
            return False
        own, others = self.state_dict(), other.state_dict()
        return own.keys() == others.keys() and all(_same(own[name], others[name]) for name in own)

    def scales_like(self, other: OnlineScaler) -> bool:
        """Tell whether both scale alike."""
        own, others = self._used, other._used
        return bool((own.mean == others.mean).all() and (own.deviation == others.deviation).all())

    def take_up(self, other: OnlineScaler) -> None:
        """Become like another that was like this one, and has absorbed rows since."""
        if self._watch is None or other._watch is None:
            self.load_state_dict(other.state_dict())
            return
        self._settled_rows = other._settled_rows
        self._watch.take_up(other._watch)

    def forget_values(self) -> None:
        """Keep sums alone, and no single value of those that were absorbed."""
        self._young.forget_rows()
        if self._watch is not None:
            self._watch.forget_values()

    @property
    def deviation(self) -> NDArray[np.float64]:
        """The deviation that every column is scaled by ``(features,) float64``; 1 where it has not varied."""
        return np.asarray(1.0 / self._inverse_deviation.numpy().astype(np.float64))

    def state_dict(self) -> dict[str, Any]:
        """Return all sums, the scale that is used, and the units that are read, in a flat dict."""
        watch = {} if self._watch is None else self._watch.state_dict()
        return {
            **self._young.state_dict(),
            "settled_rows": self._settled_rows,
            "used": np.stack((self._used.mean, self._used.deviation, self._used.varied)),
            "units": self._units.state(),
            **{f"{_WATCH}{name}": value for name, value in watch.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self._young.load_state_dict(state)
        self._settled_rows = int(state["settled_rows"])
        self._units.load(np.asarray(state["units"]))
        watch = {name.removeprefix(_WATCH): value for name, value in state.items() if name.startswith(_WATCH)}
        self._watch = None
        if watch:
            self._watch = self._new_watch(ColumnMoments(len(self._used.mean)), shift=self._young.shift)
            self._watch.load_state_dict(watch)
        mean, deviation, varied = np.array(state["used"])
        self._use(Scale(mean, deviation, varied.astype(bool)))

    def begin_with(self, *, count: int, shift: NDArray[np.float64], sums: NDArray[np.float64]) -> None:
        """Take up the sums of so many rows, and of their squares, ``(2, features)`` about ``shift``."""
        rows = np.zeros((0, len(shift)), dtype=np.float32)
        self._young.load_state_dict({"count": count, "shift": shift, "sums": sums, "first_rows": rows})
        self._use(Scale(*self._young.moments()))
        if not self._young.room:
            self._settle()

    def _settle(self) -> None:
        """Begin with what the rows of the young stream have said."""
        self._watch = self._new_watch(*self._young.statistics(limit=self._limit))
        self._young.forget_rows()
        self._use(Scale(*self._watch.statistics.moments()))

    def _new_watch(self, statistics: ColumnMoments, shift: NDArray[np.float64]) -> ScaleWatch:
        return ScaleWatch(statistics, shift=shift, limit=self._limit, half_life=self._half_life)

    def _absorb_settled(self, x: Tensor) -> Tensor:
        assert self._watch is not None
        x, by_estimate = self._read(x)
        wild = None
        if self._bounds is not None:
            within = x.clamp(*self._bounds)
            less = within != x
            if less.any():
                self.limited += int(less.sum())
                wild = less.numpy() & self._used.varied
            x, raw = within, x
        else:
            raw = x
        self._watch.see(raw.numpy() - self._watch.shift, wild=wild, by_estimate=by_estimate, mean=self._used.mean)
        self._settled_rows += len(x)
        return self._scaled(x)

    def _with_flags(self, scaled: Tensor, x: Tensor) -> Tensor:
        """Return scaled rows with flags as they came."""
        if self._flags.any():
            scaled[:, self._flags] = x[:, self._flags]
        return scaled

    def _scaled(self, x: Tensor) -> Tensor:
        if self._far:
            return (x.double() - self._centre).mul_(self._inverse_deviation).float()
        # The shift is near, and so the first difference exact where a column is far from zero.
        return (x - self._shift).sub_(self._mean).mul_(self._inverse_deviation)

    def _read(self, x: Tensor) -> tuple[Tensor, NDArray[np.bool_] | None]:
        """Return rows in each column's first unit, and which of them are there by estimate."""
        if not self._units:
            return x, None
        assert self._bounds is not None
        low, high = self._bounds
        return self._units.read(x, low=low, high=high, usual=self._shift + self._mean)

    def _use(self, scale: Scale) -> None:
        self._used = scale
        flags = self._flags
        shift = np.where(flags, 0.0, self._young.shift if self._watch is None else self._watch.shift)
        mean, deviation = np.where(flags, 0.0, scale.mean), np.where(flags, 1.0, scale.deviation)
        centre = mean + shift
        self._centre = torch.from_numpy(centre)
        self._far = bool((np.maximum(np.abs(shift), np.abs(mean)) > _FAR).any())
        self._shift = torch.from_numpy(shift.astype(np.float32))
        self._mean = torch.from_numpy(np.clip(mean, -_LARGEST, _LARGEST).astype(np.float32))
        self._inverse_deviation = torch.from_numpy((1.0 / deviation).astype(np.float32))
        if self._limit is None or self._watch is None:
            self._bounds = None
            return
        reach = np.where(flags, _LARGEST, self._limit * scale.deviation)
        low, high = np.maximum(centre - reach, -_LARGEST), np.minimum(centre + reach, _LARGEST)
        self._bounds = torch.from_numpy(low.astype(np.float32)), torch.from_numpy(high.astype(np.float32))


def _same(one: Any, other: Any) -> bool:
    return bool(np.array_equal(one, other, equal_nan=isinstance(one, np.ndarray) and one.dtype.kind == "f"))


def state_of_sums(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of a scaler that has come to these ``count``, ``shift`` and ``sums`` of all rows."""
    scaler = OnlineScaler(len(state["shift"]))
    scaler.begin_with(
        count=int(state["count"]),
        shift=np.asarray(state["shift"], dtype=np.float64),
        sums=np.asarray(state["sums"], dtype=np.float64),
    )
    return scaler.state_dict()

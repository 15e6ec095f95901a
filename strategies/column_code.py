"""What of a column is known: where its values lie, and how wide, so that two bytes can tell them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]
    Halves = NDArray[np.float16]

SETTLED_ROWS = 1_000
"""Rows after which a deviation is known well enough to call a value wild, as in ``OnlineScaler``."""

_LARGEST = 65_504.0
_FAR = 32_768.0
"""Scales from its offset, beyond which a young column is looked at anew."""
_WRONG = 16.0
"""How many times too large or too small a scale may be: float16 has room for far more."""
_SAMPLE = 4_096
"""Rows that a column is looked at by, at most."""


class ColumnCode:
    """Keeps ``(x - offset) / scale`` of every column in float16, computed in float64.

    So a value comes back within 2⁻¹¹ of its distance from the offset (half a unit in the last place), which is no
    further from the column's mean than a deviation: pressure in pascal and time in seconds since 1970 keep as much
    of what they tell as a value around zero. The offset begins as the first value, and the scale is a power of two;
    columns are looked at anew whenever the number of rows has doubled, and what is kept is then written anew where
    the offset is further off than that, or the scale is wrong by far. A column that has not varied has scale 0: it
    is exact, and becomes wider with the first value that is another. After ``SETTLED_ROWS`` rows, values further
    than 65,504 scales from the offset are cut off; before, they widen the column.
    """

    def __init__(self, columns: int) -> None:
        self.rows = 0
        """Rows written so far, whether they are still kept or not."""
        self.offset = np.zeros(columns)
        self.scale = np.zeros(columns)

    def put(self, kept: Halves, slots: NDArray[np.int64], x: Doubles, *, filled: int) -> None:
        """Encode rows ``(rows, columns)`` into ``kept[slots]``, of which the first ``filled`` are in use.

        Rows are written one after another, whatever the size of the calls.
        """
        while len(x):
            fitting = self._fitting(x)
            # A row that does not fit is written all the same, once its columns were looked at.
            count = fitting or 1
            if not fitting:
                self._look(kept[:filled], x[:1], np.flatnonzero(self._beyond(x[:1])[0]))
            kept[slots[:count]] = self.encode(x[:count])
            filled = max(filled, int(slots[:count].max()) + 1)
            self.rows += count
            x, slots = x[count:], slots[count:]
            if self.rows & (self.rows - 1) == 0:
                self._look(kept[:filled], x[:0], np.arange(len(self.offset)))

    def encode(self, x: Doubles) -> Halves:
        """Return rows ``(rows, columns)`` as they are kept."""
        return _halves(x, self.offset, self.scale)

    def decode(self, kept: Halves) -> Doubles:
        """Return kept rows as they were, in float64."""
        return _doubles(kept, self.offset, self.scale)

    def part(self, columns: NDArray[np.int64]) -> ColumnCode:
        """Return the code of some columns."""
        part = ColumnCode(len(columns))
        part.rows, part.offset, part.scale = self.rows, self.offset[columns], self.scale[columns]
        return part

    def state_dict(self) -> dict[str, Any]:
        """Return what is known of the columns."""
        return {"rows": self.rows, "offset": self.offset, "scale": self.scale}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self.rows, self.offset, self.scale = state["rows"], np.array(state["offset"]), np.array(state["scale"])

    def _fitting(self, x: Doubles) -> int:
        """Return how many rows come before the next look at the columns."""
        due = (1 << self.rows.bit_length()) - self.rows
        beyond = np.flatnonzero(self._beyond(x[:due]).any(axis=1))
        return int(beyond[0]) if len(beyond) else min(due, len(x))

    def _beyond(self, x: Doubles) -> NDArray[np.bool_]:
        """Return which values ``(rows, columns)`` are out of reach of what is known; of a NaN nothing is."""
        reach = np.inf if self.rows >= SETTLED_ROWS else _FAR * self.scale
        return np.asarray(np.abs(x - self.offset) > np.where(self.scale > 0, reach, 0.0))

    def _look(self, kept: Halves, x: Doubles, columns: NDArray[np.int64]) -> None:
        """Find offset and scale of some columns, from the rows kept and some more, and write anew what is wrong."""
        step = len(kept) // _SAMPLE + 1
        known = _doubles(kept[::step][:, columns], self.offset[columns], self.scale[columns])
        mean, deviation = _moments(np.concatenate([known, x[:, columns]]))
        offset, scale = self.offset[columns], self.scale[columns]
        varies = deviation > 0
        moved = np.abs(mean - offset) > deviation
        fits = (deviation < _WRONG * scale) & (scale < _WRONG * deviation)
        offset = np.where(moved, mean, offset)
        scale = np.where(varies & ~fits, np.exp2(np.rint(np.log2(np.where(varies, deviation, 1.0)))), scale)
        for place in np.flatnonzero(moved | (varies & ~fits)).tolist():
            self._write_anew(kept, int(columns[place]), offset=float(offset[place]), scale=float(scale[place]))

    def _write_anew(self, kept: Halves, column: int, *, offset: float, scale: float) -> None:
        values = _doubles(kept[:, column], self.offset[column], self.scale[column])
        self.offset[column], self.scale[column] = offset, scale
        kept[:, column] = _halves(values, self.offset[column], self.scale[column])


def _halves(x: Doubles, offset: Doubles, scale: Doubles) -> Halves:
    distance = (x - offset) / np.where(scale > 0, scale, 1.0)
    # numpy converts float16 ten times slower.
    halves: Halves = torch.from_numpy(distance).clamp_(-_LARGEST, _LARGEST).half().numpy()
    return halves


def _doubles(kept: Halves, offset: Doubles, scale: Doubles) -> Doubles:
    values: Doubles = torch.from_numpy(np.ascontiguousarray(kept)).double().numpy()
    values *= np.where(scale > 0, scale, 1.0)
    values += offset
    return values


def _moments(x: Doubles) -> tuple[Doubles, Doubles]:
    """Return mean and deviation of every column ``(columns,)``, of what is finite in it."""
    finite = np.isfinite(x)
    count = np.maximum(finite.sum(axis=0), 1)
    first = np.where(finite, x, np.inf).min(axis=0, initial=np.inf)
    shift = np.where(np.isfinite(first), first, 0.0)
    distance = np.where(finite, x - shift, 0.0)
    mean = distance.sum(axis=0) / count
    return shift + mean, np.sqrt(np.where(finite, np.square(distance - mean), 0.0).sum(axis=0) / count)

"""Which numbers of a feature are none: markers of a missing value, and what lies outside its declared range."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from connectors.decoder import OUT_OF_RANGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from connectors.decoder import Oddity
    from connectors.decoders.nulls import Nulls

    Floats = NDArray[np.float64]


class Checked(NamedTuple):
    """Columns whose invalid values are missing, and how many of them were out of range, by field."""

    x: Floats
    odd: Mapping[Oddity, int]


class Validity:
    """What the numbers of each column mean."""

    def __init__(
        self,
        names: Sequence[str],
        *,
        nulls: Nulls | None = None,
        ranges: Mapping[str, tuple[float, float]] = MappingProxyType({}),
    ) -> None:
        self._names = names
        self._markers = [
            (column, sorted(numbers))
            for column, name in enumerate(names)
            if (numbers := nulls.numbers_of(name) if nulls is not None else None)
        ]
        self._ranged = [column for column, name in enumerate(names) if name in ranges]
        bounds = [ranges[names[column]] for column in self._ranged]
        self._low, self._high = np.array(bounds, dtype=np.float64).reshape(-1, 2).T

    def __bool__(self) -> bool:
        """Whether any number is none."""
        return bool(self._markers or self._ranged)

    def check(self, x: Floats) -> Checked:
        """Return ``x`` ``(rows, fields)`` with NaN for each value that is none; ``x`` itself where all are."""
        if not self:
            return Checked(x, {})
        x = x.copy()
        for column, numbers in self._markers:
            x[np.isin(x[:, column], numbers), column] = np.nan
        return Checked(x, self._without_outliers(x) if self._ranged else {})

    def _without_outliers(self, x: Floats) -> Mapping[Oddity, int]:
        values = x[:, self._ranged]
        outside = (values < self._low) | (values > self._high)
        x[:, self._ranged] = np.where(outside, np.nan, values)
        counts = outside.sum(axis=0).tolist()
        return {
            (self._names[column], OUT_OF_RANGE): count
            for column, count in zip(self._ranged, counts, strict=True)
            if count
        }

"""Columns whose readings come in more than one unit, and are read in the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from strategies.unit_conversions import Conversion

MOST_UNITS = 4
"""Besides the first, of one column."""


class ColumnUnits:
    """Takes a reading back to the column's first unit, where it makes sense there and not as it stands.

    Each reading is taken for itself: rows from before and after a change of unit, or from sensors that differ in
    theirs, can be read beside each other.
    """

    def __init__(self) -> None:
        self._known: list[tuple[int, float, float]] = []

    def __bool__(self) -> bool:
        """Whether there is anything to read."""
        return bool(self._known)

    def add(self, column: int, conversion: Conversion) -> bool:
        """Know one more unit of a column; return False where it has enough."""
        unit = (column, conversion.factor, conversion.offset)
        if unit in self._known or sum(known[0] == column for known in self._known) >= MOST_UNITS:
            return False
        self._known.append(unit)
        return True

    def read(self, x: Tensor, *, low: Tensor, high: Tensor) -> Tensor:
        """Return rows ``(rows, features) float32`` in first units.

        ``low`` and ``high`` ``(features,)`` are the bounds within which a reading makes sense.
        """
        x = x.clone()
        for column, factor, offset in self._known:
            said = x[:, column]
            # In float64, so that a large reading keeps its digits.
            meant = ((said.double() - offset) / factor).float()
            least, most = low[column], high[column]
            sensible = (meant >= least) & (meant <= most) & ((said < least) | (said > most))
            x[:, column] = torch.where(sensible, meant, said)
        return x

    def state(self) -> NDArray[np.float64]:
        """Return ``(units, 3)``: column, factor and offset of each."""
        return np.array(self._known, dtype=np.float64).reshape(-1, 3)

    def load(self, state: NDArray[np.float64]) -> None:
        """Take up what ``state`` returned."""
        self._known = [(int(column), factor, offset) for column, factor, offset in np.asarray(state).tolist()]

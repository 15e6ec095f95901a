"""Columns whose readings come in more than one unit, and are read in the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from strategies.unit_conversions import Conversion

MOST_UNITS = 4
"""Besides the first, of one column."""


class _Unit(NamedTuple):
    column: int
    factor: float
    offset: float
    estimated: bool


class _Layer(NamedTuple):
    """Units of as many columns, side by side."""

    columns: Tensor
    factors: Tensor
    offsets: Tensor
    estimated: Tensor

    @classmethod
    def of(cls, units: list[_Unit]) -> _Layer:
        columns, factors, offsets, estimated = zip(*units, strict=True)
        return cls(
            torch.tensor(columns),
            torch.tensor(factors, dtype=torch.float64),
            torch.tensor(offsets, dtype=torch.float64),
            torch.tensor(estimated),
        )


class ColumnUnits:
    """Takes a reading back to the column's first unit, where it makes sense there and not as it stands.

    Between temperatures both may make sense: there, it is what is nearer to what the column usually says. Each
    reading is taken for itself: rows from before and after a change of unit, or from sensors that differ in theirs,
    can be read beside each other. A conversion that was ``estimated`` from readings is one of a kind: another takes
    its place.
    """

    def __init__(self) -> None:
        self._known: list[_Unit] = []
        self._layers: list[_Layer] = []

    def __bool__(self) -> bool:
        """Whether there is anything to read."""
        return bool(self._known)

    def add(self, column: int, conversion: Conversion, *, estimated: bool = False) -> bool:
        """Know one more unit of a column; return False where it has enough."""
        if estimated:
            self.forget_estimate(column)
        unit = _Unit(column, conversion.factor, conversion.offset, estimated)
        if unit in self._known or sum(known.column == column for known in self._known) >= MOST_UNITS:
            return False
        self._know([*self._known, unit])
        return True

    def forget_estimate(self, column: int) -> None:
        """Let readings of a column be what they are again where they are none of a known unit."""
        self._know([unit for unit in self._known if unit.column != column or not unit.estimated])

    def read(self, x: Tensor, *, low: Tensor, high: Tensor, usual: Tensor) -> tuple[Tensor, NDArray[np.bool_]]:
        """Return rows ``(rows, features) float32`` in first units, and which readings are there by estimate.

        ``low`` and ``high`` ``(features,)`` are the bounds within which a reading makes sense, about ``usual``.
        """
        x, by_estimate = x.clone(), np.zeros(x.shape, dtype=np.bool_)
        for columns, factor, offset, estimated in self._layers:
            said = x[:, columns]
            # In float64, so that a large reading keeps its digits.
            meant = ((said.double() - offset) / factor).float()
            least, most, about = low[columns], high[columns], usual[columns]
            astray = (said < least) | (said > most)
            nearer = (meant - about).abs() < (said - about).abs()
            read = (meant >= least) & (meant <= most) & torch.where((offset != 0) & ~estimated, nearer, astray)
            x[:, columns] = torch.where(read, meant, said)
            by_estimate[:, columns.numpy()] |= (read & estimated).numpy()
        return x, by_estimate

    def state(self) -> NDArray[np.float64]:
        """Return ``(units, 4)``: column, factor and offset of each, and whether it was estimated."""
        return np.array(self._known, dtype=np.float64).reshape(-1, 4)

    def load(self, state: NDArray[np.float64]) -> None:
        """Take up what ``state`` returned."""
        rows = np.asarray(state).tolist()
        self._know([_Unit(int(column), factor, offset, bool(one)) for column, factor, offset, one in rows])

    def _know(self, units: list[_Unit]) -> None:
        self._known, self._layers = units, [_Layer.of(layer) for layer in _layers(units)]


def _layers(units: list[_Unit]) -> Iterator[list[_Unit]]:
    """Yield first the first unit of every column that has one, then the second, and so on."""
    while units:
        layer: dict[int, _Unit] = {}
        rest = [unit for unit in units if layer.setdefault(unit.column, unit) is not unit]
        yield list(layer.values())
        units = rest

"""Some hundred rows that are judged together: what their columns say within reach of the scale, and beyond it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from strategies.column_moments import ColumnMoments
from strategies.wild_readings import WildReadings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Columns = NDArray[np.float64]
    Chosen = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Readings:
    """What there is to say of the readings of every column ``(columns,)``."""

    mean: Columns
    deviation: Columns
    """1 where they have not varied."""
    varied: Chosen
    share: Columns
    """How many of the stretch's rows they are."""


class Stretch:
    """The rows since the scale was last judged."""

    def __init__(self, columns: int) -> None:
        self.rows = 0
        self.within = ColumnMoments(columns)
        """Of readings within reach."""
        self.wild = WildReadings(columns)
        self.far = np.zeros(columns)
        """The furthest from the mean that there was within reach ``(columns,)``."""
        self.by_estimate = np.zeros(columns, dtype=np.int64)
        """Readings in a unit that is estimated ``(columns,)``."""

    def see(
        self, rows: Columns, *, wild: Chosen | None, by_estimate: Chosen | None, noise: Chosen, mean: Columns
    ) -> None:
        """Take in rows ``(rows, columns)``; ``mean`` is that of the scale.

        ``wild`` are the values out of reach, ``by_estimate`` those that were read in a unit that is estimated. Of
        the columns that are ``noise``, only these count: what else is within reach is there by chance.
        """
        self.rows += len(rows)
        within = None if wild is None else ~wild
        if by_estimate is not None:
            self.by_estimate += by_estimate.sum(axis=0)
            if noise.any():
                within = (within if within is not None else True) & (by_estimate | ~noise)
        self.within.add(rows, within=within)
        if wild is not None:
            self.wild.add(rows, wild=wild)
        away = np.abs(rows - mean)
        np.maximum(self.far, (away if within is None else away * within).max(axis=0), out=self.far)

    def tame(self) -> Readings:
        """Return what the readings within reach say."""
        return self._readings(self.within)

    def beyond(self) -> Readings:
        """Return what those out of reach say."""
        return self._readings(self.wild.moments)

    def outliers(self) -> Columns:
        """Return the share of readings out of reach, 0 where they say no more than two things ``(columns,)``."""
        return np.where(self.wild.varied, self.wild.moments.count / max(self.rows, 1), 0.0)

    def forget_values(self) -> None:
        """Keep sums alone, and no single value."""
        self.wild.forget_values()

    def take_in(self, column: int) -> None:
        """Let readings out of reach count like the others."""
        self.within.sums[:, column] += self.wild.moments.sums[:, column]

    def leave_out(self, columns: Chosen) -> None:
        """Let readings within reach of some columns not count."""
        self.within.weigh(columns, at_most=0.0)
        self.far[columns] = 0.0

    def take_up(self, other: Stretch) -> None:
        """Become like another that was like this one, and has seen rows since."""
        self.rows = other.rows
        self.within.sums[:] = other.within.sums
        self.far[:] = other.far
        self.by_estimate[:] = other.by_estimate
        if other.wild:
            self.wild.load_state_dict(other.wild.state_dict())

    def begin_anew(self) -> None:
        """Forget all rows."""
        self.rows = 0
        self.within.clear()
        self.wild.clear()
        self.far[:] = 0.0
        self.by_estimate[:] = 0

    def state_dict(self) -> dict[str, Any]:
        """Return all sums."""
        return {
            "rows": self.rows,
            "stretch": self.within.sums.copy(),
            "far": self.far.copy(),
            "by_estimate": self.by_estimate.copy(),
            **self.wild.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self.rows = int(state["rows"])
        self.within.sums[:] = np.asarray(state["stretch"])
        self.far[:] = np.asarray(state["far"])
        self.by_estimate[:] = np.asarray(state["by_estimate"])
        self.wild.load_state_dict(state)

    def _readings(self, moments: ColumnMoments) -> Readings:
        return Readings(*moments.moments(), moments.count / max(self.rows, 1))

"""In which units things are told: running sizes that a broken reading cannot spoil."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

WILD = 30.0
"""A value further out than so many times what is usual counts as that far."""

LARGEST = 1e18
"""A label beyond this has no square in float32, and is taken for a broken reading."""


class FadingSize:
    """The root mean square of every column about zero; a row counts ``memory``ᵏ after k later ones.

    >>> size = FadingSize(1)
    >>> size.absorb(np.array([[3.0], [-3.0]]))
    >>> size.now.tolist()
    [3.0]
    >>> size.absorb(np.array([[1e30]]))
    >>> size.now.round().tolist()
    [52.0]
    """

    def __init__(self, columns: int, *, memory: float = 1.0) -> None:
        self._memory = memory
        self._count = 0.0
        self._squares = np.zeros(columns)

    @property
    def now(self) -> NDArray[np.float64]:
        """Return the size of each column ``(columns,)``; 0 where nothing but zeros came."""
        return np.asarray(np.sqrt(self._squares / max(self._count, 1.0)))

    def absorb(self, rows: NDArray[np.float64]) -> None:
        """Count rows ``(rows, columns)``, each value as at most ``WILD`` sizes."""
        size = self.now
        reach = np.where(size > 0, WILD * size, LARGEST)
        kept, weight = _fading(len(rows), memory=self._memory)
        self._squares = kept * self._squares + np.einsum(
            "i,ij->j", weight, np.square(np.minimum(np.abs(rows), reach))
        )
        self._count = kept * self._count + float(weight.sum())

    def state_dict(self) -> dict[str, Any]:
        """Return the sums."""
        return {"count": self._count, "squares": self._squares}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the sums."""
        self._count, self._squares = state["count"], np.array(state["squares"])


class FadingLevel:
    """The mean of numbers and their deviation from it; one counts ``memory``ᵏ after k later ones.

    The sums are about the first number: one far from zero does not lose its variance to cancellation.
    """

    def __init__(self, *, memory: float) -> None:
        self._memory = memory
        self._count = self._first = self._second = self._origin = 0.0

    @property
    def mean(self) -> float:
        """Of all numbers; 0 before there was one."""
        return self._origin + self._first / max(self._count, 1.0)

    @property
    def deviation(self) -> float:
        """The root mean square distance from the mean; 0 before two numbers differed."""
        mean, mean_square = self._first / max(self._count, 1.0), self._second / max(self._count, 1.0)
        variance = mean_square - mean * mean
        # A smaller share of the mean square is rounding.
        return float(np.sqrt(variance)) if variance > 1e-12 * mean_square else 0.0

    @property
    def known(self) -> bool:
        """Whether there was a number."""
        return self._count > 0

    def absorb(self, numbers: NDArray[np.float64]) -> None:
        """Count numbers ``(rows,)``, each as at most ``WILD`` deviations from the mean."""
        if not len(numbers):
            return
        if not self.known:
            self._origin = float(numbers[0])
        if (deviation := self.deviation) > 0:
            numbers = np.clip(numbers, self.mean - WILD * deviation, self.mean + WILD * deviation)
        distance = numbers - self._origin
        kept, weight = _fading(len(numbers), memory=self._memory)
        self._first = kept * self._first + float(np.einsum("i,i->", weight, distance))
        self._second = kept * self._second + float(np.einsum("i,i->", weight, distance**2))
        self._count = kept * self._count + float(weight.sum())

    def state_dict(self) -> dict[str, Any]:
        """Return the sums and what they are about."""
        return {"count": self._count, "first": self._first, "second": self._second, "origin": self._origin}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the sums."""
        self._count, self._origin = state["count"], state["origin"]
        self._first, self._second = state["first"], state["second"]


@lru_cache(maxsize=64)
def _fading(rows: int, *, memory: float) -> tuple[float, NDArray[np.float64]]:
    """Return what earlier rows count after so many, and what each of these counts at their end ``(rows,)``."""
    return memory**rows, memory ** np.arange(rows - 1, -1, -1, dtype=np.float64)

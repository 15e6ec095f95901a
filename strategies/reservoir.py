"""A uniform sample of all that was seen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from strategies.generator import generator_state, restore_generator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class Reservoir:
    """A reservoir: at any time every row seen so far is kept with the same probability.

    It is filled like Algorithm R (Vitter 1985: item n replaces slot j ~ U{1..n} if j ≤ capacity), but drawn like
    Algorithm L (Li 1994), which has the same distribution and draws how many rows to pass over instead of a number
    for each: once much was seen, nearly every row costs a comparison. How rows are grouped into calls makes no
    difference.

    Rows may be taken out of it: those that are left are the ones whose keys are below the threshold W, among all
    but those taken out. So nobody has to know how many of these were ever seen: ``n_seen`` still counts them, W
    stays, and a row whose key is below it takes a free slot, until all are taken and W falls again.
    """

    def __init__(self, capacity: int, *, generator: np.random.Generator) -> None:
        self.filled = 0
        self.n_seen = 0
        self._capacity = capacity
        self._generator = generator
        self._next = 0
        """The number, from 0, of the next row that is kept."""
        self._threshold = 1.0
        """W of Algorithm L: the largest of the keys, uniform on [0, 1), of the rows that are kept; where slots are
        free, no key is above it."""

    def admit(self, groups: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return which rows are kept, and the slot of each; groups don't matter."""
        start, self.n_seen = self.n_seen, self.n_seen + len(groups)
        if self._next >= self.n_seen:
            return _NONE, _NONE
        rows, slots = [], []
        while self._next < self.n_seen:
            rows.append(self._next - start)
            slots.append(self._slot())
        return np.array(rows), np.array(slots)

    def merge(self, group: int, *, into: int) -> None:
        """Nothing: groups don't matter."""

    def keep(self, kept: NDArray[np.int64]) -> None:
        """Go on with the rows in these slots: see ``Admission``."""
        self.filled = len(kept)

    def restart(self) -> None:
        """Forget all rows and begin a new sample; the generator goes on."""
        self.filled = self.n_seen = self._next = 0
        self._threshold = 1.0

    def state_dict(self) -> dict[str, Any]:
        """Return the counts and the generator's state: without them a resumed sample would be biased."""
        return {
            "filled": self.filled,
            "n_seen": self.n_seen,
            "next": self._next,
            "threshold": self._threshold,
            "generator": generator_state(self._generator),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self.filled, self.n_seen = state["filled"], state["n_seen"]
        self._next, self._threshold = state["next"], state["threshold"]
        restore_generator(self._generator, state["generator"])

    def _slot(self) -> int:
        """Return where row ``_next`` goes, and find the next one."""
        if self.filled < self._capacity:
            slot = self.filled
            self.filled += 1
        else:
            slot = int(self._generator.random() * self._capacity)
        self._next += 1
        full = self.filled == self._capacity
        if full:
            self._threshold *= (1.0 - self._generator.random()) ** (1 / self._capacity)
        if full or self._threshold < 1.0:
            chance = 1.0 - self._generator.random()
            if self._threshold < 1.0:  # as good as always
                self._next += int(math.log(chance) / math.log1p(-self._threshold))
        return slot


_NONE = np.empty(0, dtype=np.int64)

"""A uniform sample of all that was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from strategies.generator import generator_state, restore_generator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class Reservoir:
    """Algorithm R (Vitter 1985): at any time every row seen so far is kept with the same probability.

    Item n is stored if n ≤ capacity, else it replaces slot j ~ U{1..n} if j ≤ capacity. One draw a row, whatever
    the size of the calls.
    """

    def __init__(self, capacity: int, *, generator: np.random.Generator) -> None:
        self.filled = 0
        self.n_seen = 0
        self._capacity = capacity
        self._generator = generator

    def admit(self, groups: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return which rows are kept, and the slot of each; groups don't matter."""
        vacant = min(max(self._capacity - self.n_seen, 0), len(groups))
        ranks = np.arange(self.n_seen + 1, self.n_seen + len(groups) + 1)
        slots = self._generator.random(len(groups)) * ranks
        slots[:vacant] = ranks[:vacant] - 1
        rows = (slots < self._capacity).nonzero()[0]
        self.n_seen += len(groups)
        self.filled = min(self.n_seen, self._capacity)
        return rows, slots[rows].astype(np.int64)

    def restart(self) -> None:
        """Forget all rows and begin a new sample; the generator goes on."""
        self.filled = self.n_seen = 0

    def state_dict(self) -> dict[str, Any]:
        """Return ``n_seen`` and the generator's state: without them a resumed sample would be biased."""
        return {"filled": self.filled, "n_seen": self.n_seen, "generator": generator_state(self._generator)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self.filled, self.n_seen = state["filled"], state["n_seen"]
        restore_generator(self._generator, state["generator"])

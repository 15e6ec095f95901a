"""Which rows of an endless stream a buffer of fixed size keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from strategies.generator import generator_state, restore_generator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

REFUSED = -1


class Admission(Protocol):
    """Decides row by row which slot a row goes to, if any."""

    filled: int
    """Slots in use; always the first ones."""
    n_seen: int
    """Rows offered so far."""

    def admit(self, groups: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return a slot for each row ``(rows,)``, or ``REFUSED``; ``groups`` is the class or task of each.

        Where a slot is named twice the later row stays.
        """

    def restart(self) -> None:
        """Forget all rows and begin a new sample; the generator goes on."""

    def state_dict(self) -> dict[str, Any]:
        """Return counts and the generator's state."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""


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

    def admit(self, groups: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return a slot for each row, or ``REFUSED``; groups don't matter."""
        rank = np.arange(self.n_seen + 1, self.n_seen + len(groups) + 1)
        draws = (self._generator.random(len(groups)) * rank).astype(np.int64)
        slots = np.where(rank <= self._capacity, rank - 1, draws)
        slots[slots >= self._capacity] = REFUSED
        self.n_seen += len(groups)
        self.filled = min(self.n_seen, self._capacity)
        return slots

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


class BalancedReservoir:
    """Class-balancing reservoir sampling (CBRS; Chrysakis & Moens 2020, algorithm 1), by any grouping of rows.

    Once full, a row of a group that was never the largest overwrites a random row of the largest group; a row of
    a group that once was the largest competes, with probability m/n (stored over seen), for one of its own slots.
    Within each group the sample stays uniform.
    """

    def __init__(self, capacity: int, *, generator: np.random.Generator) -> None:
        self.filled = 0
        self.n_seen = 0
        self._capacity = capacity
        self._generator = generator
        self._group_of_slot = np.full(capacity, REFUSED, dtype=np.int64)
        self._stored: dict[int, int] = {}
        self._seen: dict[int, int] = {}
        self._once_largest: set[int] = set()

    def admit(self, groups: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return a slot for each row, or ``REFUSED``."""
        return np.array([self._admit(group) for group in groups.tolist()], dtype=np.int64)

    def _admit(self, group: int) -> int:
        self.n_seen += 1
        self._seen[group] = self._seen.get(group, 0) + 1
        slot = self._slot_for(group)
        if slot != REFUSED:
            evicted = int(self._group_of_slot[slot])
            if evicted != REFUSED:
                self._stored[evicted] -= 1
            self._group_of_slot[slot] = group
            self._stored[group] = self._stored.get(group, 0) + 1
        return slot

    def _slot_for(self, group: int) -> int:
        if self.filled < self._capacity:
            self.filled += 1
            return self.filled - 1
        most = max(self._stored.values())
        largest = sorted(g for g, stored in self._stored.items() if stored == most)
        self._once_largest.update(largest)
        if group not in self._once_largest:
            return self._random_slot(largest[int(self._generator.random() * len(largest))])
        if self._generator.random() * self._seen[group] < self._stored.get(group, 0):
            return self._random_slot(group)
        return REFUSED

    def _random_slot(self, group: int) -> int:
        slots = np.flatnonzero(self._group_of_slot == group)
        return int(slots[int(self._generator.random() * len(slots))])

    def restart(self) -> None:
        """Forget all rows and begin a new sample; the generator goes on."""
        self.filled = self.n_seen = 0
        self._group_of_slot[:] = REFUSED
        for memory in (self._stored, self._seen, self._once_largest):
            memory.clear()

    def state_dict(self) -> dict[str, Any]:
        """Return the counts of each group, the slots' groups and the generator's state."""
        groups = sorted(self._seen)
        return {
            "filled": self.filled,
            "n_seen": self.n_seen,
            "group_of_slot": self._group_of_slot,
            "groups": groups,
            "stored": [self._stored.get(group, 0) for group in groups],
            "seen": [self._seen[group] for group in groups],
            "once_largest": sorted(self._once_largest),
            "generator": generator_state(self._generator),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self.filled, self.n_seen = state["filled"], state["n_seen"]
        self._group_of_slot[:] = state["group_of_slot"]
        self._stored = dict(zip(state["groups"], state["stored"], strict=True))
        self._seen = dict(zip(state["groups"], state["seen"], strict=True))
        self._once_largest = set(state["once_largest"])
        restore_generator(self._generator, state["generator"])

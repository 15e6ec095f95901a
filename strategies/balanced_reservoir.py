"""A sample of all that was seen in which every group has its share, however rare."""

from __future__ import annotations

from array import array
from bisect import insort
from typing import TYPE_CHECKING, Any

import numpy as np

from strategies.generator import generator_state, restore_generator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class BalancedReservoir:
    """Class-balancing reservoir sampling (CBRS; Chrysakis & Moens 2020, algorithm 1), by any grouping of rows.

    Once full, a row of a group that was never the largest overwrites a random row of the largest group; a row of
    a group that once was the largest competes, with probability m/n (stored over seen), for one of its own slots.
    Within each group the sample stays uniform: where rows were taken out, a group counts as seen in proportion to
    what is left of it, and a row to come takes a free slot with the chance that those had which are left.
    """

    def __init__(self, capacity: int, *, generator: np.random.Generator) -> None:
        self.filled = 0
        self.n_seen = 0
        self._capacity = capacity
        self._generator = generator
        self._slots: dict[int, array[int]] = {}
        self._seen: dict[int, int] = {}
        self._largest: list[int] = []
        self._once_largest: set[int] = set()

    def admit(self, groups: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return which rows are kept, and the slot of each."""
        slots = [self._admit(group) for group in groups.tolist()]
        kept = [(row, slot) for row, slot in enumerate(slots) if slot is not None]
        rows_and_slots = np.array(kept, dtype=np.int64).reshape(-1, 2)
        return rows_and_slots[:, 0], rows_and_slots[:, 1]

    def merge(self, group: int, *, into: int) -> None:
        """Count what was seen and is kept of a group as another's; the group is a new one where it comes again.

        The other one is large now, and the first to give slots to whoever comes.
        """
        if group not in self._slots:
            return
        self._slots.setdefault(into, array("q")).extend(self._slots.pop(group))
        self._seen[into] = self._seen.get(into, 0) + self._seen.pop(group)
        self._once_largest.discard(group)
        self._find_largest()

    def keep(self, kept: NDArray[np.int64]) -> None:
        """Go on with the rows in these slots: see ``Admission``."""
        place = {slot: new for new, slot in enumerate(kept.tolist())}
        for group, slots in list(self._slots.items()):
            left = array("q", [place[slot] for slot in slots if slot in place])
            self._seen[group] = max(len(left), round(self._seen[group] * len(left) / max(len(slots), 1)))
            self._slots[group] = left
            if not left:
                del self._slots[group], self._seen[group]
                self._once_largest.discard(group)
        if len(kept) < self.filled:
            self.filled, self._largest = len(kept), []

    def restart(self) -> None:
        """Forget all rows and begin a new sample; the generator goes on."""
        self.filled = self.n_seen = 0
        for memory in (self._slots, self._seen, self._largest, self._once_largest):
            memory.clear()

    def state_dict(self) -> dict[str, Any]:
        """Return the slots and counts of each group, and the generator's state."""
        groups = sorted(self._slots)
        return {
            "filled": self.filled,
            "n_seen": self.n_seen,
            "groups": groups,
            "stored": [len(self._slots[group]) for group in groups],
            "seen": [self._seen[group] for group in groups],
            "slots": np.array([slot for group in groups for slot in self._slots[group]], dtype=np.int64),
            "once_largest": sorted(self._once_largest),
            "generator": generator_state(self._generator),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self.filled, self.n_seen = state["filled"], state["n_seen"]
        groups, ends = state["groups"], np.cumsum(state["stored"], dtype=np.int64)
        parts = np.split(np.asarray(state["slots"]), ends[:-1])
        self._slots = {group: array("q", part.tolist()) for group, part in zip(groups, parts, strict=False)}
        self._seen = dict(zip(groups, state["seen"], strict=True))
        self._once_largest = set(state["once_largest"])
        self._find_largest()
        restore_generator(self._generator, state["generator"])

    def _admit(self, group: int) -> int | None:
        self.n_seen += 1
        self._seen[group] = self._seen.get(group, 0) + 1
        own = self._slots.setdefault(group, array("q"))
        if self.filled < self._capacity:
            before = self._seen[group] - 1
            all_kept = len(own) >= before
            return self._fill(own) if all_kept or self._generator.random() * before < len(own) else None
        if group in self._once_largest:
            # Algorithm R within the group.
            return self._choice(own) if self._generator.random() * self._seen[group] < len(own) else None
        return self._displace(group)

    def _fill(self, own: array[int]) -> int:
        own.append(self.filled)
        self.filled += 1
        self._find_largest()
        return own[-1]

    def _displace(self, group: int) -> int:
        """Take a random slot from the largest group."""
        largest, own = self._choice(self._largest), self._slots[group]
        donor = self._slots[largest]
        most = len(donor)
        index = int(self._generator.random() * len(donor))
        donor[index], donor[-1] = donor[-1], donor[index]
        own.append(donor.pop())
        self._largest.remove(largest)
        if len(own) == most:
            insort(self._largest, group)
            self._once_largest.add(group)
        if not self._largest:
            self._find_largest()
        return own[-1]

    def _find_largest(self) -> None:
        """Note which groups are the largest; before every slot is taken it says nothing."""
        if self.filled < self._capacity:
            return
        most = max(map(len, self._slots.values()))
        self._largest = sorted(group for group, slots in self._slots.items() if len(slots) == most)
        self._once_largest.update(self._largest)

    def _choice(self, items: list[int] | array[int]) -> int:
        return items[int(self._generator.random() * len(items))]

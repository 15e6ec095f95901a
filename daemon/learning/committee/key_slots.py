"""A place for each key in arrays of what is remembered of keys."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


class KeySlots:
    """Numbers the keys: each has one, from 0 on, until it is among those seen longest ago; then it is given away.

    >>> slots = KeySlots(most=2)
    >>> slots.place(np.array([70, 71, 70])).tolist()
    [0, 1, 0]
    >>> slots.place(np.array([72])).tolist(), slots.make_room(np.array([0, 2]))
    ([2], [1])
    """

    def __init__(self, *, most: int = 4096) -> None:
        self._most = most
        self._slots: OrderedDict[int, int] = OrderedDict()
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def room(self) -> int:
        """How many places arrays need for all numbers that were given."""
        return len(self._slots) + len(self._free)

    def place(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the slot ``(rows,)`` of each row's key; one that is new gets one."""
        if (keys == keys[0]).all():
            return np.full(len(keys), self._slot(int(keys[0])))
        return np.fromiter((self._slot(key) for key in keys.tolist()), np.int64, len(keys))

    def make_room(self, slots: NDArray[np.int64]) -> list[int]:
        """Note that these were seen last; return the slots of the keys beyond the most, which are free now."""
        key_of = {slot: key for key, slot in self._slots.items()}
        for slot in dict.fromkeys(slots.tolist()):
            self._slots.move_to_end(key_of[slot])
        freed = [self._slots.popitem(last=False)[1] for _ in range(len(self._slots) - self._most)]
        self._free += freed
        return freed

    def in_order(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the keys ``(keys,)``, least recently seen first, and the slot of each."""
        return np.array(list(self._slots), dtype=np.int64), np.array(list(self._slots.values()), dtype=np.int64)

    def begin(self, keys: Iterable[int]) -> None:
        """Give these keys the numbers from 0 on, in their order, and no others."""
        self._slots, self._free = OrderedDict((key, slot) for slot, key in enumerate(keys)), []

    def _slot(self, key: int) -> int:
        slot = self._slots.get(key)
        if slot is None:
            slot = self._slots[key] = self._free.pop() if self._free else len(self._slots)
        return slot

"""What is remembered of keys, in arrays with a place for each."""

from __future__ import annotations

from collections import OrderedDict
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from strategies.row_holder import Gone

    Arrays = dict[str, NDArray[Any]]


class KeyTable:
    """Remembers the ``most`` keys seen last: what was known of them before the open block, and what is after it.

    Each key has a slot, the same in all arrays, ``(slots, …)`` each. All is 0 of a key that is new. The open block
    changes the arrays in place, and what it has changed is kept aside: a block costs what it has rows, however many
    keys there are.

    >>> table = KeyTable({"count": np.zeros(1, dtype=np.int64)}, most=2)
    >>> slots = table.place(np.array([70, 71, 70, 72]))
    >>> for _ in range(2):
    ...     np.add.at(table.begin(slots)["count"], slots, 1)
    >>> table.state_dict()["count"].tolist()
    [0, 0, 0]
    >>> table.close()
    >>> {name: array.tolist() for name, array in table.state_dict().items()}
    {'keys': [71, 72], 'count': [1, 1]}
    """

    def __init__(self, blank: Mapping[str, NDArray[Any]], *, most: int) -> None:
        """Begin with arrays for one key, of zeros."""
        self._arrays: Arrays = dict(blank)
        self._changed = np.zeros(0, dtype=np.int64)
        """The slots that the open block has changed, each once, in the order of their keys' first rows."""
        self._before: Arrays = {}
        """What they held."""
        self._most = most
        self._slot_of: OrderedDict[int, int] = OrderedDict()
        self._key_at: dict[int, int] = {}
        self._free: list[int] = []

    @property
    def keys(self) -> NDArray[np.int64]:
        """The keys that something is known of ``(keys,)``."""
        return np.array(list(self._slot_of), dtype=np.int64)

    def place(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the slot ``(rows,)`` of each row's key; one that is new gets one."""
        if (keys == keys[0]).all():
            slots = np.full(len(keys), self._slot(int(keys[0])))
        else:
            slots = np.fromiter((self._slot(key) for key in keys.tolist()), np.int64, len(keys))
        self._grow()
        return slots

    def begin(self, slots: NDArray[np.int64]) -> Arrays:
        """Return what is known before the open block, to be changed at ``slots`` alone; may be called anew."""
        self._restore(self._arrays, self._changed)
        self._changed = slots[:1] if (slots == slots[0]).all() else np.array(list(dict.fromkeys(slots.tolist())))
        self._before = {name: array[self._changed] for name, array in self._arrays.items()}
        return self._arrays

    def close(self) -> None:
        """Close the block as it was begun last; forget the keys beyond the most, seen longest ago."""
        for slot in self._changed.tolist():
            self._slot_of.move_to_end(self._key_at[slot])
        self._changed, self._before = self._changed[:0], {}
        freed = [self._slot_of.popitem(last=False)[1] for _ in range(len(self._slot_of) - self._most)]
        for array in self._arrays.values():
            array[freed] = 0
        self._free += freed

    def find(self, keys: NDArray[np.int64]) -> Arrays:
        """Return what is known of each row's key ``(rows, …)``, with the open block; see ``gathered``."""
        return gathered(self._arrays, keys, slot_of=self._slot_of)

    def __deepcopy__(self, memo: dict[int, Any]) -> KeyTable:
        """Return a copy, at the cost of the arrays: keys and slots are numbers."""
        same = copy(self)
        same._arrays = {name: array.copy() for name, array in self._arrays.items()}  # noqa: SLF001 - of the same class
        same._slot_of, same._key_at = self._slot_of.copy(), self._key_at.copy()  # noqa: SLF001 - of the same class
        same._free = self._free.copy()  # noqa: SLF001 - of the same class
        return same

    def state_dict(self) -> dict[str, Any]:
        """Return the keys ``(keys,)``, least recently seen first, and what was known before the open block."""
        slots = list(self._slot_of.values())
        known = {name: array[slots] for name, array in self._arrays.items()}
        if self._before:
            place = dict(zip(slots, range(len(slots)), strict=True))
            self._restore(known, np.array([place[slot] for slot in self._changed.tolist()]))
        return {"keys": self.keys, **known}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        keys = state["keys"].tolist()
        self._changed, self._before = self._changed[:0], {}
        self._slot_of, self._free = OrderedDict((key, slot) for slot, key in enumerate(keys)), []
        self._key_at = dict(enumerate(keys))
        self._grow()
        for name, array in self._arrays.items():
            array[: len(keys)] = state[name]

    def forget(self, gone: Gone) -> int:
        """Let keys go, while no block is open; return how many: see ``RowHolder``."""
        state, before = self.state_dict(), len(self._slot_of)
        kept = ~gone.hashed(state["keys"])
        for array in self._arrays.values():
            array[:] = 0
        self.load_state_dict({name: column[kept] for name, column in state.items()})
        return before - len(self._slot_of)

    def _restore(self, arrays: Arrays, places: NDArray[np.int64]) -> None:
        """Put back what the open block has changed, where it lies in these arrays."""
        for name, held in self._before.items():
            arrays[name][places] = held

    def _slot(self, key: int) -> int:
        slot = self._slot_of.get(key)
        if slot is None:
            slot = self._slot_of[key] = self._free.pop() if self._free else len(self._slot_of)
            self._key_at[slot] = key
        return slot

    def _grow(self) -> None:
        """Double the arrays until there is a place for each slot that was given."""
        while len(self._slot_of) + len(self._free) > len(next(iter(self._arrays.values()))):
            self._arrays = {
                name: np.concatenate([array, np.zeros_like(array)]) for name, array in self._arrays.items()
            }


def gathered(arrays: Arrays, keys: NDArray[np.int64], *, slot_of: Mapping[int, int]) -> Arrays:
    """Return what ``arrays (slots, …)`` hold of keys ``(rows,)``, as copies; all is 0 of one that has no slot."""
    slots = np.fromiter((slot_of.get(key, -1) for key in keys.tolist()), np.int64, len(keys))
    found = {name: array[slots] for name, array in arrays.items()}
    for values in found.values():
        values[slots < 0] = 0
    return found

"""What is known of keys where labels come later: rows as they come, labels as they come."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from daemon.learning.committee.key_table import gathered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from daemon.learning.committee.key_table import Arrays
    from strategies.row_holder import Gone


class HeardLabels(NamedTuple):
    """Labels that came between rows; ``(labels,)`` each."""

    key: NDArray[np.int64]
    label: NDArray[Any]
    before: NDArray[np.int64]
    """How many of the rows in hand came before each."""


class LaterKeys:
    """Remembers the ``most`` keys seen last, row by row and label by label; all is 0 of a key that is new.

    >>> keys = LaterKeys({"count": np.zeros(1, dtype=np.int64)}, most=2)
    >>> for key in (7, 8, 7, 9):
    ...     slot = keys.slot(key)
    ...     keys.arrays["count"][slot] += 1
    >>> keys.state_dict()["keys"].tolist(), keys.state_dict()["count"].tolist()
    ([7, 9], [2, 1])
    """

    def __init__(self, blank: Mapping[str, NDArray[Any]], *, most: int = 4096) -> None:
        """``blank`` are arrays for one key, ``(1, …)`` each."""
        self._blank = dict(blank)
        self._most = most
        self._slot_of: OrderedDict[int, int] = OrderedDict()
        self.arrays = {name: array.copy() for name, array in blank.items()}
        """What is remembered, ``(slots, …)`` each; others after ``slot`` has given a new one."""

    @property
    def keys(self) -> NDArray[np.int64]:
        """The keys that something is known of ``(keys,)``, the longest unseen first."""
        return np.array(list(self._slot_of), dtype=np.int64)

    def slot(self, key: int) -> int:
        """Return the key's slot; the key unseen for longest gives way to one that is new."""
        slot = self._slot_of.get(key)
        if slot is not None:
            self._slot_of.move_to_end(key)
            return slot
        slot = self._slot_of.popitem(last=False)[1] if len(self._slot_of) >= self._most else len(self._slot_of)
        self._slot_of[key] = slot
        if slot >= len(next(iter(self.arrays.values()))):
            self.arrays = {name: np.concatenate([each, np.zeros_like(each)]) for name, each in self.arrays.items()}
        for array in self.arrays.values():
            array[slot] = 0
        return slot

    def find(self, keys: NDArray[np.int64]) -> Arrays:
        """Return what is remembered of each row's key ``(rows, …)``; changes nothing; see ``gathered``."""
        return gathered(self.arrays, keys, slot_of=self._slot_of)

    def forget(self, gone: Gone) -> int:
        """Let keys go; return how many: see ``RowHolder``."""
        state, before = self.state_dict(), len(self._slot_of)
        kept = ~gone.hashed(state["keys"])
        self.load_state_dict({name: column[kept] for name, column in state.items()})
        return before - len(self._slot_of)

    def state_dict(self) -> dict[str, Any]:
        """Return the keys, the longest unseen first, and what is remembered of each."""
        slots = np.array(list(self._slot_of.values()), dtype=np.int64)
        return {"keys": self.keys, **{name: array[slots] for name, array in self.arrays.items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        keys = np.asarray(state["keys"]).tolist()
        self._slot_of = OrderedDict((key, slot) for slot, key in enumerate(keys))
        for name, blank in self._blank.items():
            saved = np.asarray(state[name])
            self.arrays[name] = saved.copy() if len(saved) else blank.copy()

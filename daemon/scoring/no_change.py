"""The no-change baseline, which learns nothing: the next label is the last one."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np

from strategies.row_holder import key_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from strategies.row_holder import Gone

    Label = NDArray[np.int64] | NDArray[np.float32]

NO_CLASS = -1
"""The baseline's class where it has none: before a key's first label."""

ANY_KEY = -1
"""The key of rows without one; they share one last label."""


class NoChange:
    """Repeats the last label, per key (no-change or persistent forecast; Žliobaitė, Bifet et al. 2015).

    Remembers the ``max_keys`` keys used last; a key that was forgotten starts anew.
    """

    def __init__(self, *, classification: bool, max_keys: int = 65_536) -> None:
        self._dtype: np.dtype[Any] = np.dtype(np.int64 if classification else np.float32)
        self._none: float = NO_CLASS if classification else float("nan")
        self._max_keys = max_keys
        self._last: OrderedDict[int, float] = OrderedDict()

    def follow(self, label: Label, *, key: NDArray[np.int64] | None = None) -> Label:
        """Return for each row ``(rows,)`` the label before it under the same key, and remember the new ones.

        ``key`` holds key hashes, -1 where a row has none. Where there is no label yet the baseline is
        ``NO_CLASS`` (classes, int64) or NaN (numbers, float32).
        """
        if not len(label):
            return label.astype(self._dtype)
        if key is None or (key == key[0]).all():
            return self._follow_one(label, key=ANY_KEY if key is None else int(key[0]))
        pairs = zip(key.tolist(), label.tolist(), strict=True)
        return np.array([self._exchange(k, label=value) for k, value in pairs], dtype=self._dtype)

    def last(self, key: int) -> float:
        """Return the last label of a key that has come; ``NO_CLASS`` or NaN where there is none."""
        return self._last.get(key, self._none)

    def hear(self, key: int, label: float) -> None:
        """Remember a label that has come."""
        self._exchange(key, label=label)

    def _follow_one(self, label: Label, *, key: int) -> Label:
        reference = np.empty(len(label), dtype=self._dtype)
        reference[1:] = label[:-1]
        reference[0] = self._exchange(key, label=label[-1].item())
        return reference

    def _exchange(self, key: int, *, label: float) -> float:
        before = self._last.pop(key, self._none)
        self._last[key] = label
        if len(self._last) > self._max_keys:
            self._last.popitem(last=False)
        return before

    def forget(self, gone: Gone) -> int:
        """Let the last labels of keys go; return of how many: see ``RowHolder``."""
        leave = [key for key in map(key_hash, gone.keys) if key in self._last]
        for key in leave:
            self._last.pop(key, None)
        return len(leave)

    def state_dict(self) -> dict[str, Any]:
        """Return the keys, least recently used first, and the last label of each."""
        return {
            "keys": np.array(list(self._last), dtype=np.int64),
            "labels": np.array(list(self._last.values()), dtype=self._dtype),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        pairs = zip(state["keys"].tolist(), state["labels"].tolist(), strict=True)
        self._last = OrderedDict(pairs)

"""Values in place of features that are absent or null."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.intake.features.key_slots import KeySlots
from daemon.intake.features.row_history import Groups

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from connectors.decoders.value_options import MissingPolicy
    from daemon.intake.features.key_slots import Key
    from strategies.row_holder import Gone

    Floats = NDArray[np.float64]


class Imputer:
    """Fills the gaps of a stream's columns: with 0, with the mean of what came before, or with the last value.

    What came before is that of the row's own key; rows without a key share one. Before a key's first value the mean
    is that of all keys, and the last value, like any mean before the first row, is 0. Every row sees only the rows
    before it, and sums are added up one after another, so rows give the same bits in one call as in many.

    >>> temps = np.array([[4.0], [80.0], [np.nan]])
    >>> Imputer("last").fill(temps, key=[b"fridge", b"boiler", b"fridge"])[:, 0].tolist()
    [4.0, 80.0, 4.0]
    """

    def __init__(self, policy: MissingPolicy, *, max_keys: int = 10_000) -> None:
        self._policy = policy
        self._keys = KeySlots(max_keys)
        self._carry = np.zeros((0, 0))
        """``(slots, fields)``: the sums, or the last values."""
        self._count = np.zeros((0, 0))
        """``(slots, fields)``: the numbers of values in the sums."""
        self._all = np.zeros((2, 0))
        """``(2, fields)``: sums and numbers of all keys."""

    @property
    def keys(self) -> KeySlots:
        """Whose values are remembered."""
        return self._keys

    def fill(self, x: Floats, *, key: Sequence[Key]) -> Floats:
        """Return ``x`` ``(rows, fields)`` with each NaN filled, and remember the rows."""
        if self._policy == "reject":
            return x
        if self._policy == "zero":
            return np.where(np.isnan(x), 0.0, x)
        self._widen(x.shape[1])
        filled = np.empty_like(x)
        overall = self._overall(x) if self._policy == "mean" else x
        for span in self._keys.spans(key):
            self._renew(span.renewed)
            rows, groups = slice(span.start, span.stop), Groups.of(span.slots)
            if self._policy == "last":
                filled[rows] = self._last(x[rows], groups)
            else:
                filled[rows] = self._mean(x[rows], groups, overall=overall[rows])
        return filled

    def glance(self, x: Floats, *, key: Sequence[Key]) -> Floats:
        """Return what ``fill`` would of each row if it came next, alone; remember nothing."""
        if self._policy == "reject" or not np.isnan(x).any():
            return x
        instead = np.zeros_like(x)
        if self._policy != "zero" and len(self._carry):
            slots = self._keys.find(key)
            known = (slots >= 0)[:, None]
            if self._policy == "last":
                instead = np.where(known, self._carry[slots], 0.0)
            else:
                count = np.where(known, self._count[slots], 0.0)
                overall = self._all[0] / np.maximum(self._all[1], 1.0)
                instead = np.where(count > 0, self._carry[slots] / np.maximum(count, 1.0), overall)
        return np.where(np.isnan(x), instead, x)

    def _widen(self, fields: int) -> None:
        if self._carry.shape[1] != fields:
            self._carry, self._count, self._all = (
                np.zeros((0, fields)),
                np.zeros((0, fields)),
                np.zeros((2, fields)),
            )

    def _renew(self, slots: Sequence[int]) -> None:
        if not slots:
            return
        need, have = max(slots) + 1, len(self._carry)
        if need > have:
            more = np.zeros((max(need, 2 * have) - have, self._carry.shape[1]))
            self._carry = np.concatenate([self._carry, more])
            self._count = np.concatenate([self._count, more])
        self._carry[slots] = 0.0
        self._count[slots] = 0.0

    def _last(self, x: Floats, groups: Groups) -> Floats:
        # Before each group's rows stands what its slot remembers, which is no gap: none is filled by another's.
        heads = groups.starts + np.arange(len(groups.slots))
        position = groups.place + groups.group + 1
        seen = np.empty((len(x) + len(heads), x.shape[1]))
        seen[heads], seen[position] = self._carry[groups.slots], x
        row = np.where(np.isnan(seen), 0, np.arange(len(seen))[:, None])
        filled: Floats = np.take_along_axis(seen, np.maximum.accumulate(row, axis=0), axis=0)
        self._carry[groups.slots] = filled[heads + groups.stops - groups.starts]
        own: Floats = filled[position]
        return own

    def _overall(self, x: Floats) -> Floats:
        """Return the mean of all rows before each row ``(rows, fields)``."""
        sums = _running(self._all, x)
        self._all = sums[-1].copy()
        means: Floats = sums[:-1, 0] / np.maximum(sums[:-1, 1], 1.0)
        return means

    def _mean(self, x: Floats, groups: Groups, *, overall: Floats) -> Floats:
        before = np.empty((len(x), 2, x.shape[1]))
        order = np.argsort(groups.place)
        for slot, start, stop in zip(groups.slots, groups.starts, groups.stops, strict=True):
            rows = order[start:stop]
            sums = _running(np.stack((self._carry[slot], self._count[slot])), x[rows])
            before[rows], self._carry[slot], self._count[slot] = sums[:-1], sums[-1, 0], sums[-1, 1]
        mean = before[:, 0] / np.maximum(before[:, 1], 1.0)
        return np.where(np.isnan(x), np.where(before[:, 1] > 0, mean, overall), x)

    def forget(self, gone: Gone) -> int:
        """Let what is remembered of keys go; return of how many: see ``RowHolder``. In the mean of all it stays."""
        before, kept = len(self._keys), self._keys.kept(gone)
        if len(kept) < before:
            self._keys.forget(gone)
            self._carry, self._count = self._carry[kept], self._count[kept]
        return before - len(kept)

    def state_dict(self) -> dict[str, Any]:
        """Return what is remembered, the longest unseen key first; nothing before the first row."""
        if not self._carry.size:
            return {}
        slots = self._keys.in_order
        state = {"policy": self._policy, "keys": self._keys.state_dict(), "carry": self._carry[slots]}
        return state if self._policy == "last" else {**state, "count": self._count[slots], "all": self._all.copy()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state that ``state_dict`` returned; nothing of one that another policy has left.

        Where it has more than the most keys, the longest unseen are left out.
        """
        if not state or state["policy"] != self._policy:
            return
        dropped = self._keys.load_state_dict(state["keys"])
        self._carry = np.array(state["carry"], dtype=np.float64)[dropped:]
        self._count = np.zeros_like(self._carry)
        self._all = np.zeros((2, self._carry.shape[1]))
        if self._policy == "mean":
            self._count = np.array(state["count"], dtype=np.float64)[dropped:]
            self._all = np.array(state["all"], dtype=np.float64)


def _running(before: Floats, x: Floats) -> Floats:
    """Return sums and numbers of values ``(rows + 1, 2, fields)``: ``before``, and after each of the rows."""
    present = ~np.isnan(x)
    steps = np.stack((np.where(present, x, 0.0), present), axis=1)
    running: Floats = np.add.accumulate(np.concatenate((before[None], steps)), axis=0)
    return running

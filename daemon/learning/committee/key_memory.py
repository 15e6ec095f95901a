"""What is remembered of every key: its last label, its labels fading, its last row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.learning.committee.chains import Chains
from daemon.learning.committee.key_table import KeyTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from daemon.learning.committee.key_table import Arrays
    from strategies.row_holder import Gone

DECAYS = (0.7, 0.95)
"""How much of a faded label remains after one more label of the key."""

_SEGMENT = 256
"""Most rows that are rolled together: a product of so many by so many."""

NONE = -1
"""In place of the last label where a key has none yet."""


@dataclass(frozen=True, slots=True)
class Past:
    """What was known of each row's key when the row came; ``(rows, …)`` each."""

    label: NDArray[Any]
    """``(rows,)``: the key's last label; ``NONE`` where there is none (NaN for numbers)."""
    faded: NDArray[np.float32]
    """``(rows, decays, width)``: the key's labels so far as columns, averaged exponentially."""
    difference: NDArray[np.float64]
    """``(rows, features)``: the row less the key's row before; 0 where there is none."""


class KeyMemory:
    """Remembers the ``most`` keys seen last; rows without a key share one memory.

    A block's rows are rolled from what was remembered before the block, all of it anew at each call: the result
    does not depend on how the block's rows were grouped on their way.
    """

    def __init__(self, places: int, *, features: int, label_width: int, most: int = 4096) -> None:
        self._segment = min(places, _SEGMENT)
        self._table = KeyTable(
            {
                "known": np.zeros(1, dtype=np.bool_),
                "label": np.zeros(1),
                "row": np.zeros((1, features)),
                "faded": np.zeros((1, len(DECAYS), label_width), dtype=np.float32),
            },
            most=most,
        )
        powers = np.arange(self._segment)[None, :]
        decays = np.array(DECAYS)[:, None]
        self._powers = (decays**powers).astype(np.float32)
        """What is left of a faded label after so many labels of its key."""
        self._counts = np.append((1 - decays) * decays**powers, np.zeros_like(decays), axis=1).astype(np.float32)
        """What a label of the key counts that came so many labels before the last one; 0 beyond the segment."""
        rows = np.arange(self._segment)
        gap = rows[:, None] - rows[None, :] - 1
        self._of_one_key = self._counts[:, np.where(gap >= 0, gap, self._segment)]
        """The same for each row and each row before it, where all are of one key."""

    @property
    def keys(self) -> NDArray[np.int64]:
        """The keys that something is known of ``(keys,)``."""
        return self._table.keys

    def place(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the slot ``(rows,)`` of each row's key; one that is new gets one."""
        return self._table.place(keys)

    def roll(
        self,
        slots: NDArray[np.int64],
        *,
        labels: NDArray[Any],
        columns: NDArray[np.float32],
        rows: NDArray[np.float64],
    ) -> Past:
        """Return what was known before each row of a block, from what is remembered and the block's rows before it.

        ``columns`` are the labels as columns ``(rows, label_width)``.
        """
        after = self._table.begin(slots)
        parts = [
            self._roll(after, slots[i:j], labels[i:j], columns[i:j], rows[i:j])
            for i, j in ((start, start + self._segment) for start in range(0, len(slots), self._segment))
        ]
        if len(parts) == 1:
            return parts[0]
        return Past(
            label=np.concatenate([part.label for part in parts]),
            faded=np.concatenate([part.faded for part in parts]),
            difference=np.concatenate([part.difference for part in parts]),
        )

    def next(self, keys: NDArray[np.int64], *, rows: NDArray[np.float64]) -> Past:
        """Return what would be known if each row ``(rows, features)`` came next, alone; changes nothing."""
        found = self._table.find(keys)
        known = found["known"]
        return Past(
            label=np.where(known, found["label"], NONE).astype(np.int64),
            faded=found["faded"],
            difference=np.where(known[:, None], rows - found["row"], 0.0),
        )

    def remember(self) -> None:
        """Remember the rows that were rolled last from now on; forget the keys beyond the most."""
        self._table.close()

    def forget(self, gone: Gone) -> int:
        """Let keys go, while no block is open; return how many: see ``RowHolder``."""
        return self._table.forget(gone)

    def state_dict(self) -> dict[str, Any]:
        """Return the keys, least recently seen first, and what is remembered of each."""
        return self._table.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self._table.load_state_dict(state)

    def _roll(
        self,
        after: Arrays,
        slots: NDArray[np.int64],
        labels: NDArray[Any],
        columns: NDArray[np.float32],
        rows: NDArray[np.float64],
    ) -> Past:
        """Roll at most a segment of rows, and add them to what is known ``after``."""
        chains = Chains.of(slots)
        first, last = chains.first, chains.last
        label, difference = labels[chains.before], rows - rows[chains.before]
        at, known = slots[first], after["known"][slots[first]]
        label[first] = np.where(known, after["label"][at], NONE)
        difference[first] = np.where(known[:, None], rows[first] - after["row"][at], 0.0)
        faded = self._fade(after["faded"][slots], chains, slots, columns)
        at = slots[last]
        after["known"][at], after["label"][at], after["row"][at] = True, labels[last], rows[last]
        decay = np.array(DECAYS, dtype=np.float32)[None, :, None]
        after["faded"][at] = decay * faded[last] + (1 - decay) * columns[last][:, None, :]
        return Past(label=label, faded=faded, difference=difference)

    def _fade(
        self,
        before: NDArray[np.float32],
        chains: Chains,
        slots: NDArray[np.int64],
        columns: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Return the faded labels ``(rows, decays, width)``; ``before`` are the keys' before the segment."""
        n, rank = len(slots), chains.rank
        # Products of one shape, however many rows have come: others may round differently.
        padded = np.zeros((self._segment, columns.shape[1]), dtype=np.float32)
        padded[:n] = columns
        weight = self._of_one_key
        if not chains.one_key:
            earlier = np.tri(n, k=-1, dtype=np.bool_) & (slots[:, None] == slots[None, :])
            gap = np.where(earlier, rank[:, None] - rank[None, :] - 1, self._segment)
            weight = np.zeros_like(weight)
            weight[:, :n, :n] = self._counts[:, gap]
        started = self._powers[:, rank].T[:, :, None] * before
        return np.asarray(started + (weight @ padded)[:, :n].transpose(1, 0, 2))

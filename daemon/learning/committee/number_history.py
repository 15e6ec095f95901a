"""What is remembered of every key whose labels are numbers: its latest ones, and its last row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from daemon.learning.committee.chains import Chains
from daemon.learning.committee.key_table import KeyTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from daemon.learning.committee.key_table import Arrays
    from strategies.row_holder import Gone

LAGS = 24
"""Labels that are remembered of a key."""


@dataclass(frozen=True, slots=True)
class NumberPast:
    """What was known of each row's key when the row came; ``(rows, …)`` each."""

    known: NDArray[np.bool_]
    """``(rows,)``: whether the key had a label."""
    labels: NDArray[np.float64]
    """``(rows, LAGS)``: the key's labels, the last one first; after the first it had, that one again."""
    difference: NDArray[np.float64]
    """``(rows, features)``: the row less the key's row before; 0 where there is none."""

    @classmethod
    def of_next(cls, found: Arrays, rows: NDArray[np.float64]) -> Self:
        """Return what is known before ``rows (rows, features)`` of whose keys ``found`` is remembered."""
        known = found["count"] > 0
        return cls(
            known=known,
            labels=np.where(known[:, None], found["labels"], 0.0),
            difference=np.where(found["met"][:, None], rows - found["row"], 0.0),
        )


class NumberHistory:
    """Remembers the ``most`` keys seen last; rows without a key share one history.

    A block's rows are rolled from what was remembered before the block, all of it anew at each call: the result
    does not depend on how the block's rows were grouped on their way.
    """

    def __init__(self, *, features: int, most: int = 4096) -> None:
        # Of each key: whether it had a row, how many labels (at most LAGS), these, and its last row.
        self._table = KeyTable(
            {
                "met": np.zeros(1, dtype=np.bool_),
                "count": np.zeros(1, dtype=np.int64),
                "labels": np.zeros((1, LAGS)),
                "row": np.zeros((1, features)),
            },
            most=most,
        )

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
        labels: NDArray[np.float64],
        usable: NDArray[np.bool_],
        rows: NDArray[np.float64],
    ) -> NumberPast:
        """Return what was known before each row of a block; a label that is not ``usable`` is never known."""
        chains, after = Chains.of(slots), self._table.begin(slots)
        first, last = chains.first, chains.last
        known, lagged = self._lagged(after, slots, chains, labels, usable)
        difference, at = rows - rows[chains.before], slots[first]
        difference[first] = np.where(after["met"][at][:, None], rows[first] - after["row"][at], 0.0)
        at = slots[last]
        after["met"][at], after["row"][at] = True, rows[last]
        with_own = np.column_stack([labels[last], lagged[last][:, :-1]])
        with_own[known[last] == 0] = labels[last][known[last] == 0][:, None]
        after["labels"][at] = np.where(usable[last][:, None], with_own, lagged[last])
        after["count"][at] = np.minimum(known[last] + usable[last], LAGS)
        return NumberPast(known=known > 0, labels=lagged, difference=difference)

    def next(self, keys: NDArray[np.int64], *, rows: NDArray[np.float64]) -> NumberPast:
        """Return what would be known if each row ``(rows, features)`` came next, alone; changes nothing."""
        return NumberPast.of_next(self._table.find(keys), rows)

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

    def _lagged(
        self,
        before: Arrays,
        slots: NDArray[np.int64],
        chains: Chains,
        labels: NDArray[np.float64],
        usable: NDArray[np.bool_],
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return how many labels each row knew ``(rows,)``, and the latest of them ``(rows, LAGS)``."""
        order = chains.order
        sorted_usable = usable[order]
        earlier: NDArray[np.int64] = np.cumsum(sorted_usable) - sorted_usable
        at, rank = np.empty_like(order), np.empty_like(order)
        at[order] = earlier
        rank[order] = earlier - np.maximum.accumulate(np.where(chains.begins, earlier, 0))
        known = rank + before["count"][slots]
        lag = np.minimum(np.arange(LAGS)[None, :], np.maximum(known - 1, 0)[:, None])
        inside = np.append(labels[order[sorted_usable]], 0.0)[np.maximum(at[:, None] - 1 - lag, 0)]
        outside = before["labels"][slots[:, None], np.clip(lag - rank[:, None], 0, LAGS - 1)]
        lagged = np.where(lag < rank[:, None], inside, outside)
        return known, np.where((known > 0)[:, None], lagged, 0.0)

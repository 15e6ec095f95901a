"""Which row of a block follows which under its key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Chains:
    """The rows of a block, key by key; ``(rows,)`` each unless said otherwise.

    >>> chains = Chains.of(np.array([7, 4, 7, 7]))
    >>> chains.before.tolist(), chains.rank.tolist(), chains.last.tolist()
    ([-1, -1, 0, 2], [0, 0, 1, 2], [1, 3])
    """

    one_key: bool
    """Whether all rows are of the same key."""
    order: NDArray[np.int64]
    """The numbers of the rows, key after key, those of each in their order."""
    begins: NDArray[np.bool_]
    """Whether the row at a place of ``order`` is the first of its key."""
    before: NDArray[np.int64]
    """The number of the key's row before; -1 where there is none in the block."""
    rank: NDArray[np.int64]
    """How many rows of the key there are before."""
    last: NDArray[np.int64]
    """The number of each key's last row ``(keys,)``."""

    @classmethod
    def of(cls, slots: NDArray[np.int64]) -> Chains:
        """Return those of rows whose keys have these slots; there is at least one."""
        rows = np.arange(len(slots))
        if (slots == slots[0]).all():
            return cls(True, order=rows, begins=rows == 0, before=rows - 1, rank=rows, last=rows[-1:])
        order = np.argsort(slots, kind="stable")
        begins = np.append(True, slots[order][1:] != slots[order][:-1])
        before, rank = np.empty_like(rows), np.empty_like(rows)
        before[order] = np.where(begins, -1, np.append(-1, order[:-1]))
        rank[order] = rows - np.maximum.accumulate(np.where(begins, rows, 0))
        return cls(
            False, order=order, begins=begins, before=before, rank=rank, last=order[np.append(begins[1:], True)]
        )

    @property
    def first(self) -> NDArray[np.int64]:
        """The numbers of the rows that are the first of their key ``(keys,)``."""
        return np.flatnonzero(self.before < 0)

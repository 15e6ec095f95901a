"""Which rows of a table are evaluated on, and so never learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

SHARE = 0.2


def stratified(y: NDArray[np.int64], *, generator: np.random.Generator) -> tuple[Rows, Rows]:
    """Return the numbers of the rows to learn and of those held out: a fifth of each class, drawn.

    Both are in the order of the table. Of a class with fewer than three rows none is held out.

    >>> learned, held_out = stratified(np.array([0] * 5 + [1] * 10), generator=np.random.default_rng(0))
    >>> len(learned), np.bincount(np.array([0] * 5 + [1] * 10)[held_out]).tolist()
    (12, [1, 2])
    """
    held_out = np.zeros(len(y), dtype=np.bool_)
    for label in np.unique(y):
        rows = generator.permutation(np.flatnonzero(y == label))
        held_out[rows[: round(len(rows) * SHARE)]] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def last_of_each_class(y: NDArray[np.int64], *, overlaps: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    """Return the numbers of the rows to learn and of those held out: the last fifth of each class, in time.

    ``overlaps`` ``(rows,)`` says which rows share some of their samples with the row before. A row that shares any
    with one that is held out is neither learned nor held out.

    >>> last_of_each_class(np.zeros(10, np.int64), overlaps=np.ones(10, np.bool_))
    (array([0, 1, 2, 3, 4, 5, 6]), array([8, 9]))
    """
    held_out = np.zeros(len(y), dtype=np.bool_)
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        held_out[rows[len(rows) - round(len(rows) * SHARE) :]] = True
    touches = np.zeros(len(y), dtype=np.bool_)
    touches[:-1] = held_out[1:] & overlaps[1:]
    touches[1:] |= held_out[:-1] & overlaps[1:]
    return np.flatnonzero(~held_out & ~touches), np.flatnonzero(held_out)

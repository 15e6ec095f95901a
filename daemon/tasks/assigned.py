"""Which tasks rows have, and which stretch of the stream they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MISSING = -1
"""The task code of a row that has no task; such a row is rejected as missing_task."""


class Assigned(NamedTuple):
    """The tasks of some rows, all ``(rows,) int64``.

    ``task`` is the code in ``TaskNames``, or ``MISSING``: bounded, for buffers, probe sets and scores. ``segment``
    is for ``Boundaries`` alone: it tells stretches of the stream apart and may grow for ever, so that the
    hundredth drift alarm is still a boundary when its task has long fallen into ``__other__``. ``retired`` is how
    many tasks had made room by the row: as many have to be retired before it, for its code to be its task's.
    """

    task: NDArray[np.int64]
    segment: NDArray[np.int64]
    retired: NDArray[np.int64]

    def chosen(self, rows: NDArray[np.bool_]) -> Assigned:
        """Return those of the rows that are chosen ``(rows,) bool``."""
        return Assigned(self.task[rows], self.segment[rows], self.retired[rows])

    @classmethod
    def to_one(cls, segment: Segment, *, rows: int) -> Assigned:
        """Return so many rows of one segment."""
        return cls(*(np.full(rows, value, dtype=np.int64) for value in segment))


class Segment(NamedTuple):
    """The stretch of the stream that begins with the next row to be learned."""

    task: int
    segment: int
    retired: int
    """How many tasks had made room by its first row: see ``Assigned``."""

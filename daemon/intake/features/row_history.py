"""The rows before: each slot's newest rows, and how new rows are woven together with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Groups:
    """The rows of one span, grouped by slot; within a group they keep their order.

    ``slots``, ``starts`` and ``stops`` are ``(groups,)``: whose history, and where the group lies in the grouped
    order. ``group``, ``place`` and ``rank`` are ``(rows,)``: a row's group, its place in the grouped order, and in
    its group.
    """

    slots: Integers
    starts: Integers
    stops: Integers
    group: Integers
    place: Integers
    rank: Integers

    @staticmethod
    def single(rows: int) -> Groups:
        """Return all rows as one group, of slot 0."""
        zero, place = np.zeros(1, dtype=np.int64), np.arange(rows)
        return Groups(zero, zero, np.array([rows]), np.zeros(rows, dtype=np.int64), place, place)

    @staticmethod
    def of(slots: Integers) -> Groups:
        """Group rows by their slot, ``(rows,)``, at least one."""
        order = np.argsort(slots, kind="stable")
        ordered = slots[order]
        starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        stops = np.append(starts[1:], len(slots))
        place = np.empty(len(slots), dtype=np.int64)
        place[order] = np.arange(len(slots))
        group = np.empty(len(slots), dtype=np.int64)
        group[order] = np.repeat(np.arange(len(starts)), stops - starts)
        return Groups(ordered[starts], starts, stops, group, place, place - starts[group])


@dataclass(frozen=True, slots=True)
class Woven:
    """Rows with their history before them.

    ``values`` is ``(groups × depth + rows, width)``: of each group ``depth`` earlier rows, then its own.
    ``position (rows,)`` is where each new row stands in it; so the row before is at ``position - 1``.
    """

    values: Floats
    position: Integers

    def back(self, steps: int) -> Floats:
        """Return each row's value ``steps`` (0 to depth) events back, ``(rows, width)``."""
        return self.values.take(self.position - steps, axis=0)


class RowHistory:
    """The newest ``depth`` rows of every slot, ``(slots, depth, width)``, 0 where there was none."""

    def __init__(self, *, depth: int, width: int) -> None:
        self._depth = depth
        self.values = np.zeros((1, depth, width))

    @property
    def depth(self) -> int:
        """How many rows are remembered of a slot."""
        return self._depth

    def reserve(self, slots: int) -> None:
        """Make room for that many slots, growing by doubling."""
        have, depth, width = self.values.shape
        if slots > have:
            grown = np.zeros((max(slots, 2 * have), depth, width))
            grown[:have] = self.values
            self.values = grown

    def keep(self, slots: Integers) -> None:
        """Go on with the rows of these slots ``(slots,)``, in the first ones."""
        self.values = self.values[slots] if len(slots) else np.zeros((1, *self.values.shape[1:]))

    def keep_steps(self, kept: NDArray[np.bool_]) -> int:
        """Of slot 0, go on with some of its newest rows ``(steps,)``, the newest last; return how many."""
        depth = self.values.shape[1]
        rows = self.values[0][kept[len(kept) - depth :]]
        self.values[0] = 0.0
        self.values[0, depth - len(rows) :] = rows
        return len(rows)

    def glance(self, rows: Floats, slots: Integers) -> Woven:
        """Return ``rows (rows, width)`` with the history of their slots, each alone; remember nothing.

        A slot of -1 ``(rows,)`` has no history.
        """
        before = self.values[slots]
        before[slots < 0] = 0.0
        woven = np.concatenate([before, rows[:, np.newaxis]], axis=1)
        each = self._depth + 1
        return Woven(woven.reshape(len(rows) * each, -1), np.arange(len(rows)) * each + self._depth)

    def weave(self, rows: Floats, groups: Groups) -> Woven:
        """Return ``rows (rows, width)`` with their history before them, and remember them."""
        depth = self._depth
        woven = np.empty((len(groups.slots) * depth + len(rows), rows.shape[1]))
        position = groups.place + depth * (groups.group + 1)
        woven[position] = rows
        if depth:
            ends = groups.stops + depth * np.arange(1, len(groups.slots) + 1)
            before = ends - (groups.stops - groups.starts) - depth
            steps = np.arange(depth)
            woven[before[:, np.newaxis] + steps] = self.values[groups.slots]
            self.values[groups.slots] = woven[(ends - depth)[:, np.newaxis] + steps]
        return Woven(woven, position)

"""Rows that are held out of learning, to see later what the model still knows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.state.saved_setting import require_saved_setting
from strategies.provenance import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from strategies.row_holder import Gone

    Target = NDArray[np.int64] | NDArray[np.float32]

_MOST_DRAWN_FROM = 10**9 - 1
"""The most that numpy draws from without replacement."""

HASH_BITS = 53
"""Leading bits of the hash that are compared: as many as a float64 holds exactly."""

GAMMA, FIRST, SECOND = (np.uint64(v) for v in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def splitmix64(seed: NDArray[np.uint64], index: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return output number ``index`` (from 0) of the splitmix64 generator that starts at ``seed``, row by row.

    Steele, Lea & Flood, Fast splittable pseudorandom number generators (2014), fig. 17, with the finaliser's
    constants of java.util.SplittableRandom. Both arguments are arrays that broadcast; arithmetic is modulo 2⁶⁴.
    """
    z: NDArray[np.uint64] = seed + (index + np.uint64(1)) * GAMMA
    z = (z ^ (z >> np.uint64(30))) * FIRST
    z = (z ^ (z >> np.uint64(27))) * SECOND
    return z ^ (z >> np.uint64(31))


def holds_out(
    partition: NDArray[np.int64], offset: NDArray[np.int64], *, share: float, seed: int
) -> NDArray[np.bool_]:
    """Return for each event ``(rows,)`` whether it is kept from learning, by its position alone.

    The hash is output number ``offset`` of the splitmix64 generator whose seed is output number ``partition`` of
    the one seeded with ``seed`` (mod 2⁶⁴; negative positions too). An event is held out when the leading 53 bits,
    as a fraction of one, are below ``share``: the same events after every restart, in any language.

    >>> position = np.arange(5, dtype=np.int64)
    >>> holds_out(np.zeros(5, np.int64), position, share=0.5, seed=7).tolist()
    [False, False, False, False, True]
    """
    assert 0 <= share <= 1
    root = np.array([seed % 2**64], dtype=np.uint64)
    of_partition = splitmix64(root, partition.astype(np.uint64))
    hashed = splitmix64(of_partition, offset.astype(np.uint64)) >> np.uint64(64 - HASH_BITS)
    return hashed < np.uint64(math.ceil(share * 2**HASH_BITS))


class ProbeSets:
    """A bounded, uniform sample of every task's held-out rows.

    Algorithm R (Vitter 1985): item n of a task is stored if n ≤ rows, else it replaces slot j ~ U{1..n} if
    j ≤ rows. Each row consumes one 64-bit draw whether it needs it or not, so that the samples depend on the order
    of the rows and not on how they were grouped into calls. Memory is taken when a task first needs it.

    Rows may be taken out: a task then counts as many as were offered in proportion to what is left, and a row that
    comes is stored with the chance that those had which are left, until the set is full again.
    """

    def __init__(self, rows: int, *, max_tasks: int, generator: np.random.Generator) -> None:
        self._capacity = rows
        self._generator = generator
        self._n_seen = np.zeros(max_tasks, dtype=np.int64)
        self._x: dict[int, NDArray[np.float32]] = {}
        self._y: dict[int, Target] = {}
        self._number: dict[int, NDArray[np.int64]] = {}
        self._whose: dict[int, NDArray[np.int64]] = {}
        """Key and event time of each row ``(rows, 2)``: see ``Batch``."""
        self._count: dict[int, int] = {}
        self._offered = 0

    def add(
        self,
        x: NDArray[np.float32],
        *,
        y: Target,
        task: NDArray[np.int64],
        whose: NDArray[np.int64] | None = None,
    ) -> None:
        """Offer held-out rows: ``x (rows, features)``, ``y (rows,)``, ``task (rows,)`` as indices < max_tasks.

        ``whose`` ``(rows, 2)`` are their keys and times, as in ``Batch``; unknown by default.
        """
        whose = np.full((len(x), 2), UNKNOWN) if whose is None else whose
        draws = self._generator.random(len(x))
        # One row after another: of a micro-batch, no more than a few are held out.
        for row, (index, draw) in enumerate(zip(task.tolist(), draws.tolist(), strict=True)):
            if index not in self._x:
                self._allocate(index, features=x.shape[1], dtype=y.dtype)
            slot = self._slot(index, draw)
            self._n_seen[index] += 1
            if slot < self._capacity:
                self._x[index][slot], self._y[index][slot] = x[row], y[row]
                self._number[index][slot], self._whose[index][slot] = self._offered + row, whose[row]
                self._count[index] = max(self._count[index], slot + 1)
        self._offered += len(x)

    def _slot(self, task: int, draw: float) -> int:
        """Return where the next row of a task goes: nowhere, if that is beyond the last slot."""
        count, before = self._count[task], int(self._n_seen[task])
        if count == self._capacity:
            return int(draw * (before + 1))
        return count if count == before or draw * before < count else self._capacity

    def forget(self, gone: Gone) -> int:
        """Let rows go; return how many: see ``RowHolder``."""
        return sum(self._forget(task, gone) for task in sorted(self._x))

    def _forget(self, task: int, gone: Gone) -> int:
        count = self.count(task)
        whose = self._whose[task][:count]
        kept = np.flatnonzero(~(gone.hashed(whose[:, 0]) | gone.old(whose[:, 1])))
        if len(kept) < count:
            for column in (self._x[task], self._y[task], self._number[task], self._whose[task]):
                column[: len(kept)], column[len(kept) :] = column[kept], 0
            self._count[task] = len(kept)
            self._n_seen[task] = max(len(kept), round(int(self._n_seen[task]) * len(kept) / count))
        return count - len(kept)

    def numbers(self) -> NDArray[np.int64]:
        """Return the numbers of all rows: see ``numbers_of``."""
        return np.concatenate([np.zeros(0, dtype=np.int64), *(self.numbers_of(task) for task in sorted(self._x))])

    def _allocate(self, task: int, *, features: int, dtype: np.dtype[Any]) -> None:
        self._x[task] = np.zeros((self._capacity, features), dtype=np.float32)
        self._y[task] = np.zeros(self._capacity, dtype=dtype)
        self._number[task] = np.zeros(self._capacity, dtype=np.int64)
        self._whose[task] = np.zeros((self._capacity, 2), dtype=np.int64)
        self._count[task] = 0

    def merge(self, task: int, *, into: int) -> float:
        """Let the rows of ``task`` be of ``into``; return the share that they have of its set now.

        That set is a uniform sample of what was offered for the two; the task's own is empty.
        """
        if not self.count(task):
            return 0.0
        x, y = self.rows_of(task)
        have, size = self.count(into), min(self.count(task) + self.count(into), self._capacity)
        seen, before = (min(self.n_seen(each), _MOST_DRAWN_FROM) for each in (task, into))
        # Where rows were taken out, a set may have fewer than it was offered.
        moved = min(max(self._generator.hypergeometric(seen, before, size), size - have), len(x))
        taken = self._generator.choice(len(x), moved, replace=False)
        left = self._generator.choice(have, moved - (size - have), replace=False)
        slots = np.concatenate([np.arange(have, size), left])
        if into not in self._x:
            self._allocate(into, features=x.shape[1], dtype=y.dtype)
        self._x[into][slots], self._y[into][slots] = x[taken], y[taken]
        self._number[into][slots] = self._number[task][taken]
        self._whose[into][slots] = self._whose[task][taken]
        self._count[into] = size
        self._n_seen[into] += self._n_seen[task]
        self._n_seen[task] = 0
        for column in (self._x, self._y, self._number, self._whose, self._count):
            del column[task]
        return moved / size

    def count(self, task: int) -> int:
        """Return how many rows the task's set holds."""
        return self._count.get(task, 0)

    def n_seen(self, task: int) -> int:
        """Return how many rows were offered for the task."""
        return int(self._n_seen[task])

    def rows_of(self, task: int) -> tuple[NDArray[np.float32], Target]:
        """Return the task's ``x (count, features)`` and ``y (count,)``: views, good until the next ``add``.

        Raises KeyError for a task without rows: ask ``count`` first.
        """
        count = self.count(task)
        return self._x[task][:count], self._y[task][:count]

    def numbers_of(self, task: int) -> NDArray[np.int64]:
        """Return a number for each of the task's rows ``(count,)``, which no other row ever has: a view."""
        return self._number[task][: self.count(task)]

    def state_dict(self) -> dict[str, Any]:
        """Return the samples (views, good until the next ``add``), the counts and the generator's state."""
        sets = {task: self.rows_of(task) for task in sorted(self._x)}
        return {
            "rows": self._capacity,
            "n_seen": self._n_seen.copy(),
            "sets": {
                str(task): {
                    "x": x,
                    "y": y,
                    "number": self.numbers_of(task),
                    "whose": self._whose[task][: len(x)],
                }
                for task, (x, y) in sets.items()
            },
            "offered": self._offered,
            "generator": dict(self._generator.bit_generator.state),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state. Raises ValueError where it was saved with another size or number of sets."""
        require_saved_setting("retention.probe_rows", saved=state["rows"], configured=self._capacity)
        require_saved_setting("retention.max_tasks", saved=len(state["n_seen"]), configured=len(self._n_seen))
        self._n_seen[:] = state["n_seen"]
        self._x, self._y, self._number, self._whose, self._count = {}, {}, {}, {}, {}
        self._offered = state["offered"]
        for name, saved in state["sets"].items():
            task, count = int(name), len(saved["x"])
            self._allocate(task, features=saved["x"].shape[1], dtype=saved["y"].dtype)
            self._x[task][:count], self._y[task][:count] = saved["x"], saved["y"]
            self._number[task][:count], self._whose[task][:count] = saved["number"], saved["whose"]
            self._count[task] = count
        self._generator.bit_generator.state = dict(state["generator"])

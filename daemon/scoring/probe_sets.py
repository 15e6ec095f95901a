"""Rows that are held out of learning, to see later what the model still knows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.state.saved_setting import require_saved_setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

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
    """

    def __init__(self, rows: int, *, max_tasks: int, generator: np.random.Generator) -> None:
        self._capacity = rows
        self._generator = generator
        self._n_seen = np.zeros(max_tasks, dtype=np.int64)
        self._x: dict[int, NDArray[np.float32]] = {}
        self._y: dict[int, Target] = {}
        self._number: dict[int, NDArray[np.int64]] = {}
        self._offered = 0

    def add(self, x: NDArray[np.float32], *, y: Target, task: NDArray[np.int64]) -> None:
        """Offer held-out rows: ``x (rows, features)``, ``y (rows,)``, ``task (rows,)`` as indices < max_tasks."""
        draws = self._generator.random(len(x))
        # One row after another: of a micro-batch, no more than a few are held out.
        for row, (index, draw) in enumerate(zip(task.tolist(), draws.tolist(), strict=True)):
            if index not in self._x:
                self._allocate(index, features=x.shape[1], dtype=y.dtype)
            self._n_seen[index] += 1
            rank = int(self._n_seen[index])
            slot = rank - 1 if rank <= self._capacity else int(draw * rank)
            if slot < self._capacity:
                self._x[index][slot], self._y[index][slot] = x[row], y[row]
                self._number[index][slot] = self._offered + row
        self._offered += len(x)

    def _allocate(self, task: int, *, features: int, dtype: np.dtype[Any]) -> None:
        self._x[task] = np.zeros((self._capacity, features), dtype=np.float32)
        self._y[task] = np.zeros(self._capacity, dtype=dtype)
        self._number[task] = np.zeros(self._capacity, dtype=np.int64)

    def merge(self, task: int, *, into: int) -> float:
        """Let the rows of ``task`` be of ``into``; return the share that they have of its set now.

        That set is a uniform sample of what was offered for the two; the task's own is empty.
        """
        if not self.count(task):
            return 0.0
        x, y = self.rows_of(task)
        have, size = self.count(into), min(self.count(task) + self.count(into), self._capacity)
        seen, before = (min(self.n_seen(each), _MOST_DRAWN_FROM) for each in (task, into))
        moved = self._generator.hypergeometric(seen, before, size)
        taken = self._generator.choice(len(x), moved, replace=False)
        left = self._generator.choice(have, moved - (size - have), replace=False)
        slots = np.concatenate([np.arange(have, size), left])
        if into not in self._x:
            self._allocate(into, features=x.shape[1], dtype=y.dtype)
        self._x[into][slots], self._y[into][slots] = x[taken], y[taken]
        self._number[into][slots] = self._number[task][taken]
        self._n_seen[into] += self._n_seen[task]
        self._n_seen[task] = 0
        del self._x[task], self._y[task], self._number[task]
        return moved / size

    def count(self, task: int) -> int:
        """Return how many rows the task's set holds."""
        return min(self.n_seen(task), self._capacity)

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
            "sets": {str(task): {"x": x, "y": y, "number": self.numbers_of(task)} for task, (x, y) in sets.items()},
            "offered": self._offered,
            "generator": dict(self._generator.bit_generator.state),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state. Raises ValueError where it was saved with another size or number of sets."""
        require_saved_setting("retention.probe_rows", saved=state["rows"], configured=self._capacity)
        require_saved_setting("retention.max_tasks", saved=len(state["n_seen"]), configured=len(self._n_seen))
        self._n_seen[:] = state["n_seen"]
        self._x, self._y, self._number = {}, {}, {}
        self._offered = state["offered"]
        for name, saved in state["sets"].items():
            task, count = int(name), len(saved["x"])
            self._allocate(task, features=saved["x"].shape[1], dtype=saved["y"].dtype)
            self._x[task][:count], self._y[task][:count] = saved["x"], saved["y"]
            self._number[task][:count] = saved["number"]
        self._generator.bit_generator.state = dict(state["generator"])

"""Tasks of plain rows, one after another: messages of float32 numbers, label and task in their headers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from benchmarks.literature.protocol import Chunk, HeldOut, Stream
from connectors.record import LocalRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

ROWS_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class RowTask:
    """Some rows in the order in which they are learned, and others to be evaluated on."""

    name: str
    x: NDArray[np.float32]
    """``(rows, features)``."""
    y: NDArray[np.int64]
    """``(rows,)``."""
    test: HeldOut
    every: HeldOut | None = None
    """All its rows as ``test`` has its own, where the model is to be asked about them before they come."""


class RowStream(Stream):
    """Every row of each task once."""

    def __init__(self, tasks: Sequence[RowTask], *, classes: Sequence[str]) -> None:
        """``classes`` are the names that labels have in a message."""
        self._tasks = {task.name: task for task in tasks}
        self._labels = [name.encode() for name in classes]
        self.events = sum(len(task.y) for task in tasks)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the tasks' records, a few hundred at a time."""
        tasks = list(self._tasks.values())
        for first, task in zip(accumulate([len(task.y) for task in tasks], initial=0), tasks, strict=False):
            for start in range(0, len(task.y), ROWS_AT_ONCE):
                stop = min(start + ROWS_AT_ONCE, len(task.y))
                records = [self._record(task, row, offset=first + row) for row in range(start, stop)]
                yield Chunk(records, ends=task.name if stop == len(task.y) else None)

    def held_out(self, task: str, *, rows: int | None = None) -> HeldOut:
        """Return the task's test rows, or evenly spread ones of them."""
        test = self._tasks[task].test
        step = 1 if rows is None else max(1, len(test.y) // rows)
        return HeldOut(test.x[::step], test.y[::step])

    def ahead(self, task: str) -> tuple[str, HeldOut] | None:
        """Return name and rows of the next task, where its rows are given."""
        names = list(self._tasks)
        follows = names[names.index(task) + 1 :][:1]
        every = self._tasks[follows[0]].every if follows else None
        return None if every is None else (follows[0], every)

    def _record(self, task: RowTask, row: int, *, offset: int) -> LocalRecord:
        headers = [("label", self._labels[int(task.y[row])]), ("task", task.name.encode())]
        return LocalRecord("bench", 0, offset, -1, None, task.x[row].astype("<f4").tobytes(), headers)

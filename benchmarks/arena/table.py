"""A stream as a table: rows in their order, a label each, and tasks where the stream has any."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.literature.protocol import HeldOut, Stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Task:
    """A stretch of the stream that retention is measured by."""

    name: str
    stop: int
    """The number of the first row that is no more of it."""
    held_out: HeldOut
    """Rows of it that nobody learns, in the order of the table's columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Every row once, in the order in which all learners get it."""

    names: tuple[str, ...]
    """Of the columns of ``x``."""
    x: NDArray[np.float64]
    """``(rows, features)``."""
    y: NDArray[Any]
    """``(rows,)``: int64 class index, or float64 number."""
    classes: tuple[str, ...] = ()
    """Names of the classes, by index; none where the label is a number."""
    key: NDArray[np.int64] | None = None
    """``(rows,)``: index of the row's key in ``keys``; None where rows have none."""
    keys: tuple[str, ...] = ()
    tasks: tuple[Task, ...] = field(default=())

    def __post_init__(self) -> None:
        assert self.x.shape == (len(self.y), len(self.names))
        assert self.y.dtype == (np.int64 if self.classes else np.float64)

    def __len__(self) -> int:
        return len(self.y)

    @property
    def key_codes(self) -> NDArray[np.int64]:
        """``(rows,)``: the same as ``key``, and one code for all rows where they have none."""
        return np.zeros(len(self), dtype=np.int64) if self.key is None else self.key

    def row(self, x: NDArray[Any]) -> dict[str, float]:
        """Return a row ``(features,)`` by the names of its columns."""
        return dict(zip(self.names, x.tolist(), strict=True))


class HeldOutOfTasks(Stream):
    """What a table's tasks hold out, for those who evaluate a learner at the end of each."""

    def __init__(self, table: Table) -> None:
        self.events = len(table)
        self._tasks: Mapping[str, Task] = {task.name: task for task in table.tasks}

    def held_out(self, task: str, *, rows: int | None = None) -> HeldOut:
        """Return all the held-out rows of the task."""
        return self._tasks[task].held_out

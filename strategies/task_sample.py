"""A sample of the running task's rows, to estimate on at its end what matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from strategies.reservoir import Reservoir
from strategies.storage import RowStorage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strategies.batch import Batch
    from strategies.row_holder import Gone
    from strategies.strategy import Setting


class TaskSample:
    """A reservoir of at most ``rows`` rows that knows when each came; it begins anew at every consolidation."""

    def __init__(self, rows: int, *, setting: Setting, generator: np.random.Generator) -> None:
        self._storage = RowStorage(rows, features=setting.features, classification=setting.classification)
        self._reservoir = Reservoir(rows, generator=generator)
        self._number = np.zeros(rows, dtype=np.int64)
        """Of the row in each slot, from 0 at the last restart."""

    def offer(self, fresh: Batch) -> None:
        """Offer rows, in order."""
        start = self._reservoir.n_seen
        rows, slots = self._reservoir.admit(fresh.task.numpy())
        if len(rows):
            self._storage.write(slots, fresh, rows)
            self._number[slots] = start + rows

    def first(self, rows: int) -> Batch:
        """Return what is here of so many rows offered first: a uniform sample of them, slot by slot."""
        return self._storage.read(np.flatnonzero(self._number[: self._reservoir.filled] < rows))

    def merge_task(self, task: int, *, into: int) -> None:
        """Let all rows of ``task`` be of ``into``."""
        self._storage.relabel(task, into=into)

    def forget(self, gone: Gone) -> int:
        """Let rows go; return how many: see ``RowHolder``."""
        leave = self._storage.gone(gone, filled=self._reservoir.filled)
        if leave.any():
            kept = np.flatnonzero(~leave)
            self._storage.keep(kept)
            self._reservoir.keep(kept)
            self._number[: len(kept)] = self._number[kept]
        return int(leave.sum())

    def restart(self) -> None:
        """Forget all rows and begin anew."""
        self._reservoir.restart()

    def state_dict(self) -> dict[str, Any]:
        """Return the rows and when each came, and the reservoir's counts and generator."""
        filled = self._reservoir.filled
        return {
            "storage": self._storage.state_dict(filled),
            "number": self._number[:filled],
            "admission": self._reservoir.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where the sample was configured differently."""
        self._storage.load_state_dict(state["storage"])
        self._reservoir.load_state_dict(state["admission"])
        self._number[: self._reservoir.filled] = np.asarray(state["number"])

"""A bounded memory of rows: storage, and the rule of what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from strategies.admission import Admission
    from strategies.batch import Batch
    from strategies.row_holder import Gone
    from strategies.storage import RowStorage


class Memory:
    """Rows of the past in fixed memory; ``admission`` decides which, ``storage`` holds them."""

    def __init__(self, storage: RowStorage, admission: Admission) -> None:
        self.storage = storage
        self.admission = admission

    def __len__(self) -> int:
        return self.admission.filled

    def offer(self, batch: Batch, *, groups: Tensor, outputs: Tensor | None = None) -> None:
        """Offer rows, in order; ``groups`` ``(rows,) int64`` is what the rule balances by.

        ``outputs`` ``(rows, outputs)`` is what the model said of them, where the storage keeps that.
        """
        rows, slots = self.admission.admit(groups.numpy())
        if len(rows):
            self.storage.write(slots, batch, rows, outputs=outputs)

    def draw(self, rows: int, *, generator: np.random.Generator) -> NDArray[np.int64]:
        """Return the slots of ``rows`` rows drawn uniformly with replacement; the memory must not be empty."""
        return (generator.random(rows) * len(self)).astype(np.int64)

    def rows(self) -> Batch:
        """Return all rows, slot by slot."""
        return self.storage.read(np.arange(len(self)))

    def merge_task(self, task: int, *, into: int, balanced: bool = False) -> None:
        """Let all rows of ``task`` be of ``into``; ``balanced`` where tasks are what the rule balances by."""
        self.storage.relabel(task, into=into)
        if balanced:
            self.admission.merge(task, into=into)

    def forget(self, gone: Gone) -> int:
        """Let rows go; return how many: see ``RowHolder``."""
        leave = self.storage.gone(gone, filled=len(self))
        if leave.any():
            kept = np.flatnonzero(~leave)
            self.storage.keep(kept)
            self.admission.keep(kept)
        return int(leave.sum())

    def restart(self) -> None:
        """Forget all rows and begin anew."""
        self.admission.restart()

    def state_dict(self) -> dict[str, Any]:
        """Return the rows, and the rule's counts and generator."""
        return {"storage": self.storage.state_dict(len(self)), "admission": self.admission.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where the memory was configured differently."""
        self.storage.load_state_dict(state["storage"])
        self.admission.load_state_dict(state["admission"])

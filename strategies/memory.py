"""A bounded memory of rows: storage, and the rule of what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from strategies.reservoir import REFUSED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strategies.batch import Batch
    from strategies.reservoir import Admission
    from strategies.storage import RowStorage


class Memory:
    """Rows of the past in fixed memory; ``admission`` decides which, ``storage`` holds them."""

    def __init__(self, storage: RowStorage, admission: Admission) -> None:
        self.storage = storage
        self.admission = admission

    def __len__(self) -> int:
        return self.admission.filled

    def offer(self, rows: Batch, *, groups: torch.Tensor) -> None:
        """Offer rows, in order; ``groups`` ``(rows,) int64`` is what the rule balances by."""
        slots = self.admission.admit(groups.numpy())
        admitted = np.flatnonzero(slots != REFUSED)
        if len(admitted) > 1:
            # Where a slot is named twice the later row stays, as if they had come one by one.
            _, first_from_the_end = np.unique(slots[admitted][::-1], return_index=True)
            admitted = admitted[::-1][first_from_the_end]
        if len(admitted):
            self.storage.write(torch.from_numpy(slots[admitted]), rows[torch.from_numpy(admitted)])

    def draw(self, rows: int, *, generator: np.random.Generator) -> Batch:
        """Return ``rows`` rows drawn uniformly with replacement; the memory must not be empty."""
        slots = (generator.random(rows) * len(self)).astype(np.int64)
        return self.storage.read(torch.from_numpy(slots))

    def rows(self) -> Batch:
        """Return all rows, slot by slot."""
        return self.storage.read(torch.arange(len(self)))

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

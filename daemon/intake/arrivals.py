"""Events that have arrived: decoded, encoded, and not yet predicted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from daemon.tasks.assigned import Assigned
from strategies.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from connectors.record import Record
    from daemon.tasks.assigned import Segment


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Some events in their order: rows, which of them are held out, and the records that they came from."""

    batch: Batch
    segment: NDArray[np.int64]
    """``(rows,)``: which stretch of the stream; tells boundaries apart for ever, where task codes are bounded."""
    retired: NDArray[np.int64]
    """``(rows,)``: how many tasks have to be retired before each row: see ``Assigned``."""
    held_out: NDArray[np.bool_]
    """``(rows,)``: never trained on, kept for the task's probe set."""
    labels: NDArray[Any]
    """``(rows,)``: class indices, or numbers as they came, in float64."""
    records: Sequence[Record]

    def __len__(self) -> int:
        return len(self.held_out)

    def __getitem__(self, rows: slice) -> Arrivals:
        return Arrivals(
            self.batch[rows],
            segment=self.segment[rows],
            retired=self.retired[rows],
            held_out=self.held_out[rows],
            labels=self.labels[rows],
            records=self.records[rows],
        )

    @classmethod
    def of(
        cls,
        batch: Batch,
        assigned: Assigned,
        *,
        held_out: NDArray[np.bool_],
        labels: NDArray[Any],
        records: Sequence[Record],
    ) -> Arrivals:
        """Return the rows of a batch, whose tasks are those that were assigned."""
        return cls(
            batch,
            segment=assigned.segment,
            retired=assigned.retired,
            held_out=held_out,
            labels=labels,
            records=records,
        )

    @classmethod
    def none(cls, *, features: int) -> Arrivals:
        """Return no event of so many features."""
        none = torch.zeros(0, dtype=torch.int64)
        batch = Batch(torch.zeros(0, features), none, none, provenance=torch.zeros(0, 4, dtype=torch.int64))
        whole = none.numpy()
        return cls(batch, whole, whole, held_out=whole.astype(bool), labels=whole.astype(object), records=())

    def within(self, segment: Segment) -> Arrivals:
        """Return the same events as those of another segment, one that has begun since they were assigned."""
        task, number, retired = Assigned.to_one(segment, rows=len(self))
        batch = replace(self.batch, task=torch.from_numpy(task))
        return replace(self, batch=batch, segment=number, retired=retired)

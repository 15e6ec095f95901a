"""Events that have arrived: decoded, encoded, and not yet predicted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from connectors.record import Record
    from daemon.tasks.contract import Segment
    from strategies.batch import Batch


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Some events in their order: rows, which of them are held out, and the records that they came from."""

    batch: Batch
    segment: NDArray[np.int64]
    """``(rows,)``: which stretch of the stream; tells boundaries apart for ever, where task codes are bounded."""
    held_out: NDArray[np.bool_]
    """``(rows,)``: never trained on, kept for the task's probe set."""
    records: Sequence[Record]

    def __len__(self) -> int:
        return len(self.held_out)

    def __getitem__(self, rows: slice) -> Arrivals:
        return Arrivals(
            self.batch[rows], segment=self.segment[rows], held_out=self.held_out[rows], records=self.records[rows]
        )

    def within(self, segment: Segment) -> Arrivals:
        """Return the same events as those of another segment, one that has begun since they were assigned."""
        task = torch.full_like(self.batch.task, segment.task)
        return replace(
            self, batch=replace(self.batch, task=task), segment=np.full_like(self.segment, segment.segment)
        )

"""Rows on their way through the learner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

PROVENANCE_COLUMNS = ("key", "partition", "offset", "time_ms")


@dataclass(frozen=True, slots=True)
class Examples:
    """Some rows, column by column, the same length each: all that is learned from.

    ``x`` is ``(rows, features) float32``, as it arrived: standardisation belongs to the model, so that a row
    remembered for months is scaled by what is known today. ``y`` is ``(rows,) int64`` (class index) or
    ``(rows,) float32`` (regression target). ``task`` is ``(rows,) int64``.
    """

    x: Tensor
    y: Tensor
    task: Tensor

    def __len__(self) -> int:
        return self.x.shape[0]


@dataclass(frozen=True, slots=True)
class Batch(Examples):
    """Rows of a stream, and where they are from.

    ``provenance`` is ``(rows, 4) int64``: key hash, partition number, offset, event time in milliseconds, -1 where
    unknown.
    """

    provenance: Tensor

    def __getitem__(self, rows: slice) -> Batch:
        """Return the rows of a slice, as views."""
        return Batch(x=self.x[rows], y=self.y[rows], task=self.task[rows], provenance=self.provenance[rows])

    def take(self, rows: NDArray[np.int64]) -> Batch:
        """Return the rows of these numbers, as copies; numpy gathers a few rows in a third of torch's time."""
        return Batch(
            x=torch.from_numpy(self.x.numpy()[rows]),
            y=torch.from_numpy(self.y.numpy()[rows]),
            task=torch.from_numpy(self.task.numpy()[rows]),
            provenance=torch.from_numpy(self.provenance.numpy()[rows]),
        )

    @staticmethod
    def concatenate(parts: Sequence[Batch]) -> Batch:
        """Return the rows of all parts, in their order; at least one part is needed, and is returned if alone."""
        if len(parts) == 1:
            return parts[0]
        return Batch(
            x=torch.cat([part.x for part in parts]),
            y=torch.cat([part.y for part in parts]),
            task=torch.cat([part.task for part in parts]),
            provenance=torch.cat([part.provenance for part in parts]),
        )

"""Rows on their way through the learner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from strategies.provenance import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor

    Column = ArrayLike


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
    """Rows of a stream, and where they are from; see ``key``, ``partition``, ``offset`` and ``time_ms``."""

    provenance: Tensor
    """``(rows, 4) int64``: those four columns, as they are stored together. ``provenance_table`` makes it."""

    @property
    def key(self) -> Tensor:
        """``(rows,) int64``: hash of each row's key, ``UNKNOWN`` where it has none."""
        return self.provenance[:, 0]

    @property
    def partition(self) -> Tensor:
        """``(rows,) int64``: number of the partition, no two of a stream's topics having the same."""
        return self.provenance[:, 1]

    @property
    def offset(self) -> Tensor:
        """``(rows,) int64``: place in the partition."""
        return self.provenance[:, 2]

    @property
    def time_ms(self) -> Tensor:
        """``(rows,) int64``: event time in milliseconds since 1970, ``UNKNOWN`` where there is none."""
        return self.provenance[:, 3]

    @property
    def last_time_seconds(self) -> float | None:
        """Event time of the last row, in seconds since 1970; None where it has none."""
        time_ms = int(self.time_ms[-1])
        return None if time_ms <= UNKNOWN else time_ms / 1000

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

    def relabelled(self, task: int, *, into: int) -> Batch:
        """Return the same rows, those of ``task`` as rows of the task ``into``."""
        return replace(self, task=self.task.masked_fill(self.task == task, into))

    def columns(self) -> dict[str, Tensor]:
        """Return what makes the batch again, by the names of its arguments: for a state."""
        return {"x": self.x, "y": self.y, "task": self.task, "provenance": self.provenance}

    @staticmethod
    def of_columns(columns: Mapping[str, Any]) -> Batch:
        """Return the batch that ``columns`` took apart; arrays are taken for tensors, other names are left out."""
        return Batch(**{name: torch.as_tensor(columns[name]) for name in ("x", "y", "task", "provenance")})

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


def provenance_table(*, key: Column, partition: Column, offset: Column, time_ms: Column) -> Tensor:
    """Return four columns ``(rows,)`` of whole numbers as the ``provenance`` of a batch."""
    return torch.from_numpy(np.stack([key, partition, offset, time_ms], axis=1, dtype=np.int64, casting="unsafe"))

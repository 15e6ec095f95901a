"""A fixed number of consecutive arrivals: predicted one by one, learned together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from strategies.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.intake.arrivals import Arrivals


@dataclass(frozen=True, slots=True)
class ClosedBlock:
    """Rows that have been predicted and scored, and are now to be learned."""

    batch: Batch
    fresh: Batch
    """Those of ``batch`` that are to be learned; may be none."""
    held_out: Batch
    """The others."""
    errors: NDArray[np.float64]
    """``(rows,)``: of the predictions on arrival."""
    no_change: NDArray[Any]
    """``(rows,)``: the last label before each row under its key, as the reference repeats it."""

    @property
    def tasks(self) -> list[int]:
        """The tasks of the rows, each once."""
        return sorted(set(self.batch.task.tolist()))


class Block:
    """Gathers arrivals until it is full.

    The network predicts on the block's own array, each row always at its own place in an array of the same shape,
    empty places being zero. A matrix product may round differently for another shape; this way an event's
    prediction has the same bits however the events were grouped on their way.
    """

    def __init__(self, rows: int, *, features: int) -> None:
        self._seen = torch.zeros(rows, features)
        self._task = torch.zeros(rows, dtype=torch.int64)
        self._parts: list[Batch] = []
        self._held_out: list[NDArray[np.bool_]] = []
        self._errors: list[NDArray[np.float64]] = []
        self._no_change: list[NDArray[Any]] = []
        self.filled = 0

    @property
    def room(self) -> int:
        """Rows until the block is full."""
        return len(self._seen) - self.filled

    def place(self, scaled: Tensor, task: Tensor) -> tuple[Tensor, Tensor, slice]:
        """Put rows as the network sees them, and their tasks.

        Return the whole arrays, ``(rows, features) float32`` and ``(rows,) int64``, and where the rows are in them.
        """
        assert len(scaled) <= self.room
        where = slice(self.filled, self.filled + len(scaled))
        self._seen[where] = scaled
        self._task[where] = task
        self.filled = where.stop
        return self._seen, self._task, where

    def keep(self, arrivals: Arrivals, *, errors: NDArray[np.float64], no_change: NDArray[Any]) -> None:
        """Keep the rows that were placed, the error ``(rows,)`` of their predictions, and the reference's ones."""
        self._parts.append(arrivals.batch)
        self._held_out.append(arrivals.held_out)
        self._errors.append(errors)
        self._no_change.append(no_change)

    def take(self) -> ClosedBlock:
        """Return all rows; the block is empty afterwards."""
        assert self.filled
        batch, held_out = Batch.concatenate(self._parts), np.concatenate(self._held_out)
        fresh, rest = (batch, batch[:0]) if not held_out.any() else _split(batch, held_out)
        errors, no_change = np.concatenate(self._errors), np.concatenate(self._no_change)
        self._seen[: self.filled] = 0
        self._task[: self.filled] = 0
        self._parts, self._held_out, self._errors, self._no_change, self.filled = [], [], [], [], 0
        return ClosedBlock(batch, fresh=fresh, held_out=rest, errors=errors, no_change=no_change)

    def state_dict(self) -> dict[str, Any]:
        """Return the rows that wait."""
        if not self.filled:
            return {}
        batch = Batch.concatenate(self._parts)
        return {
            "seen": self._seen[: self.filled],
            "x": batch.x,
            "y": batch.y,
            "task": batch.task,
            "provenance": batch.provenance,
            "held_out": np.concatenate(self._held_out),
            "errors": np.concatenate(self._errors),
            "no_change": np.concatenate(self._no_change),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up rows that waited; raise ``ValueError`` where they are more than the block holds."""
        if not state:
            return
        if len(state["x"]) >= len(self._seen):
            raise ValueError(
                f"the checkpoint has {len(state['x'])} events waiting to be learned, learner.batch is"
                f" {len(self._seen)}; use the batch that the checkpoint was made with, or a larger one"
            )
        columns = {name: torch.as_tensor(state[name]) for name in ("x", "y", "task", "provenance")}
        self.place(torch.as_tensor(state["seen"]), columns["task"])
        self._parts = [Batch(**columns)]
        self._held_out = [np.asarray(state["held_out"])]
        self._errors = [np.asarray(state["errors"])]
        self._no_change = [np.asarray(state["no_change"])]


def _split(batch: Batch, held_out: NDArray[np.bool_]) -> tuple[Batch, Batch]:
    return batch.take(np.flatnonzero(~held_out)), batch.take(np.flatnonzero(held_out))

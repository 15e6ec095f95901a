"""A fixed number of consecutive arrivals: predicted one by one, learned together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from strategies.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.arrivals import Arrivals


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

    def keep(self, arrivals: Arrivals, *, errors: NDArray[np.float64]) -> None:
        """Keep the rows that were placed, and the error ``(rows,)`` of their predictions."""
        self._parts.append(arrivals.batch)
        self._held_out.append(arrivals.held_out)
        self._errors.append(errors)

    def take(self) -> tuple[Batch, NDArray[np.bool_], NDArray[np.float64]]:
        """Return all rows, which are held out, and their errors; the block is empty afterwards."""
        assert self.filled
        batch = Batch.concatenate(self._parts)
        held_out, errors = np.concatenate(self._held_out), np.concatenate(self._errors)
        self._seen[: self.filled] = 0
        self._task[: self.filled] = 0
        self._parts, self._held_out, self._errors, self.filled = [], [], [], 0
        return batch, held_out, errors

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

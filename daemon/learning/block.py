"""A fixed number of consecutive arrivals: predicted one by one, learned together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.learning.padded_rows import PaddedRows
from strategies.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.intake.arrivals import Arrivals
    from strategies.row_holder import Gone


@dataclass(frozen=True, slots=True)
class ClosedBlock:
    """Rows that have been predicted and scored, and are now to be learned."""

    batch: Batch
    fresh: Batch
    """Those of ``batch`` that are to be learned; may be none."""
    fresh_rows: NDArray[np.int64]
    """Their numbers in ``batch``."""
    held_out: Batch
    """The others."""
    held_out_rows: NDArray[np.int64]
    """Their numbers in ``batch``."""
    errors: NDArray[np.float64]
    """``(rows,)``: of the predictions on arrival."""
    scaled: Tensor
    """``(rows, features) float32``: the inputs as the main learner has seen them."""
    no_change: NDArray[Any]
    """``(rows,)``: the last label before each row under its key, which the no-change baseline predicts."""

    @property
    def tasks(self) -> list[int]:
        """The tasks of the rows, each once."""
        return sorted(set(self.batch.task.tolist()))


class Block:
    """Gathers arrivals until it is full; the network predicts them on the block's own padded rows."""

    def __init__(self, rows: int, *, features: int) -> None:
        self.seen = PaddedRows(rows, features=features)
        """The rows as the network sees them."""
        self._parts: list[Batch] = []
        self._held_out: list[NDArray[np.bool_]] = []
        self._errors: list[NDArray[np.float64]] = []
        self._no_change: list[NDArray[Any]] = []

    @property
    def room(self) -> int:
        """Rows until the block is full."""
        return self.seen.room

    @property
    def filled(self) -> int:
        """Rows that wait."""
        return self.seen.filled

    @property
    def waiting(self) -> Batch | None:
        """The rows that wait; None where there are none."""
        return Batch.concatenate(self._parts) if self._parts else None

    def has(self, rows: Batch) -> NDArray[np.bool_]:
        """Return which rows are among those that wait ``(rows,)``, by their partition and offset."""
        places = {place for part in self._parts for place in _places(part)}
        return np.array([place in places for place in _places(rows)], dtype=np.bool_)

    def keep(self, arrivals: Arrivals, *, errors: NDArray[np.float64], no_change: NDArray[Any]) -> None:
        """Keep the placed rows, the error ``(rows,)`` of their predictions, and what the baseline predicted."""
        self._parts.append(arrivals.batch)
        self._held_out.append(arrivals.held_out)
        self._errors.append(errors)
        self._no_change.append(no_change)

    def take(self) -> ClosedBlock:
        """Return all rows; the block is empty afterwards."""
        assert self.filled
        block = closed_block(
            Batch.concatenate(self._parts),
            held_out=np.concatenate(self._held_out),
            errors=np.concatenate(self._errors),
            scaled=self.seen.x[: self.filled].clone(),
            no_change=np.concatenate(self._no_change),
        )
        self.seen.clear()
        self._parts, self._held_out, self._errors, self._no_change = [], [], [], []
        return block

    def forget(self, gone: Gone) -> int:
        """Let rows go that wait; return how many: see ``RowHolder``."""
        if not self.filled:
            return 0
        leave = gone.among(Batch.concatenate(self._parts).provenance.numpy())
        if leave.any():
            kept = {name: np.asarray(column)[~leave] for name, column in self.state_dict().items()}
            self.seen.clear()
            self._parts, self._held_out, self._errors, self._no_change = [], [], [], []
            self.load_state_dict(kept if not leave.all() else {})
        return int(leave.sum())

    def state_dict(self) -> dict[str, Any]:
        """Return the rows that wait."""
        if not self.filled:
            return {}
        return {
            "seen": self.seen.x[: self.filled],
            **Batch.concatenate(self._parts).columns(),
            "held_out": np.concatenate(self._held_out),
            "errors": np.concatenate(self._errors),
            "no_change": np.concatenate(self._no_change),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up rows that waited; raise ``ValueError`` where they are more than the block holds."""
        if not state:
            return
        size = self.room + self.filled
        if len(state["x"]) >= size:
            raise ValueError(
                f"the checkpoint has {len(state['x'])} events waiting to be learned, learner.batch is"
                f" {size}; use the batch that the checkpoint was made with, or a larger one"
            )
        batch = Batch.of_columns(state)
        self.seen.place(torch.as_tensor(state["seen"]), batch.task)
        self._parts = [batch]
        self._held_out = [np.asarray(state["held_out"])]
        self._errors = [np.asarray(state["errors"])]
        self._no_change = [np.asarray(state["no_change"])]


def closed_block(
    batch: Batch,
    *,
    held_out: NDArray[np.bool_],
    errors: NDArray[np.float64],
    scaled: Tensor,
    no_change: NDArray[Any],
) -> ClosedBlock:
    """Return rows that are to be learned, but for those that are held out ``(rows,)``."""
    fresh, rest = (batch, batch[:0]) if not held_out.any() else _split(batch, held_out)
    return ClosedBlock(
        batch,
        fresh=fresh,
        fresh_rows=np.flatnonzero(~held_out),
        held_out=rest,
        held_out_rows=np.flatnonzero(held_out),
        errors=errors,
        scaled=scaled,
        no_change=no_change,
    )


def _split(batch: Batch, held_out: NDArray[np.bool_]) -> tuple[Batch, Batch]:
    return batch.take(np.flatnonzero(~held_out)), batch.take(np.flatnonzero(held_out))


def _places(rows: Batch) -> Iterator[tuple[int, int]]:
    return zip(rows.partition.tolist(), rows.offset.tolist(), strict=True)

"""Rows whose labels have come, until they are learned together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.learning.block import ClosedBlock, closed_block
from daemon.learning.later.waiting_rows import fitting
from strategies.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from strategies.row_holder import Gone

    Columns = dict[str, NDArray[Any]]


class LaterBlock:
    """Gathers rows, with all that was said of them on arrival, in the order in which their labels came."""

    def __init__(self, rows: int, blank: Mapping[str, NDArray[Any]]) -> None:
        """``blank`` are the columns of ``WaitingRows``; here are ``y``, ``errors`` and ``overlap`` too."""
        self._rows = rows
        self._blank = dict(blank)
        self._parts: list[Columns] = []
        self.filled = 0
        """Rows that wait to be learned."""
        self.closed: Columns = {}
        """The columns of the rows that were taken last."""

    @property
    def columns(self) -> Columns:
        """All columns so far; none where nothing waits."""
        if len(self._parts) > 1:
            names = self._parts[0]
            self._parts = [{name: np.concatenate([part[name] for part in self._parts]) for name in names}]
        return self._parts[0] if self._parts else {}

    @property
    def waiting(self) -> Batch | None:
        """The rows that wait; None where there are none."""
        return batch_of(self.columns) if self._parts else None

    def keep(self, columns: Columns) -> None:
        """Keep rows that have their labels."""
        self._parts.append(columns)
        self.filled += len(columns["y"])

    def take(self) -> ClosedBlock:
        """Return all rows; the block is empty afterwards."""
        assert self.filled
        columns = self.closed = self.columns
        self._parts, self.filled = [], 0
        return closed_block(
            batch_of(columns),
            held_out=columns["held_out"],
            errors=columns["errors"],
            scaled=torch.from_numpy(columns["scaled"]),
            no_change=columns["no_change"],
        )

    def forget(self, gone: Gone) -> int:
        """Let rows go that wait; return how many: see ``RowHolder``."""
        columns, self.closed = self.columns, {}
        if not columns:
            return 0
        leave = gone.among(columns["provenance"])
        self._parts, self.filled = [], 0
        if not leave.all():
            self.keep({name: column[~leave] for name, column in columns.items()})
        return int(leave.sum())

    def state_dict(self) -> dict[str, Any]:
        """Return the rows that wait."""
        return dict(self.columns)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up rows that waited; raise ``ValueError`` where they are more than the block holds."""
        self._parts, self.filled = [], 0
        if not state:
            return
        y = torch.as_tensor(state["y"]).numpy()
        if len(y) >= self._rows:
            raise ValueError(
                f"the checkpoint has {len(y)} events waiting to be learned, learner.batch is"
                f" {self._rows}; use the batch that the checkpoint was made with, or a larger one"
            )
        own = {"y": y, **{name: np.asarray(state[name]) for name in ("errors", "overlap")}}
        self.keep(fitting(state, self._blank, rows=len(y)) | own)


def batch_of(columns: Columns) -> Batch:
    """Return rows of columns as a batch."""
    return Batch.of_columns(columns)

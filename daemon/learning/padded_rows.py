"""Rows as the network sees them, always in an array of the same shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


class PaddedRows:
    """The rows of a block, each at its own place in arrays of a fixed shape, empty places being zero.

    A matrix product may round differently for another shape. In arrays of one shape an event's prediction has the
    same bits however the events were grouped on their way, and for every learner that sees the same block.
    """

    def __init__(self, rows: int, *, features: int) -> None:
        self.x = torch.zeros(rows, features)
        """``(rows, features) float32``, scaled."""
        self.task = torch.zeros(rows, dtype=torch.int64)
        """``(rows,)``."""
        self.filled = 0

    @property
    def room(self) -> int:
        """Rows until all places are taken."""
        return len(self.x) - self.filled

    def place(self, scaled: Tensor, task: Tensor, *, start: int = 0) -> slice:
        """Put rows ``(rows, features)`` and tasks ``(rows,)`` into the next places; return which these are.

        No place before ``start`` is one.
        """
        self.filled = max(self.filled, start)
        assert len(scaled) <= self.room
        where = slice(self.filled, self.filled + len(scaled))
        self.x[where] = scaled
        self.task[where] = task
        self.filled = where.stop
        return where

    def clear(self) -> None:
        """Empty all places."""
        self.x[: self.filled] = 0
        self.task[: self.filled] = 0
        self.filled = 0

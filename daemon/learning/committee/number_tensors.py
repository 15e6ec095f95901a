"""Rows whose labels are numbers, in views that are tensors alone: what a graph of operations is made from."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from daemon.learning.committee.number_views import FARTHEST


@dataclass(frozen=True, slots=True)
class NumberTensors:
    """What members ask of ``NumberViews`` to predict; ``(rows, width) float32``, or ``(rows,) float64``."""

    x: torch.Tensor
    narrow: torch.Tensor
    history: torch.Tensor
    last: torch.Tensor
    unit: torch.Tensor
    mean: float
    deviation: float

    @property
    def means(self) -> torch.Tensor:
        """The mean, as what somebody says of each row."""
        return torch.full_like(self.last, self.mean)

    def of_levels(self, outputs: torch.Tensor) -> torch.Tensor:
        """Return the labels that outputs ``(rows,)`` for levels stand for."""
        return self.mean + self.deviation * outputs.double().clamp(-FARTHEST, FARTHEST)

    def of_increments(self, outputs: torch.Tensor) -> torch.Tensor:
        """Return the labels that outputs ``(rows,)`` for increments stand for."""
        return self.last + self.unit * outputs.double().clamp(-FARTHEST, FARTHEST)


def in_units(distance: torch.Tensor, unit: torch.Tensor, *, limit: float) -> torch.Tensor:
    """Return what ``number_views.in_units`` does.

    >>> in_units(torch.tensor([-3.0, 50.0, torch.nan, 1.0]), torch.tensor([2.0, 2.0, 2.0, 0.0]), limit=8).tolist()
    [-1.5, 8.0, 0.0, 0.0]
    """
    told = (unit > 0) & ~distance.isnan()
    return torch.where(told, distance / unit, torch.zeros_like(distance)).clamp(-limit, limit)

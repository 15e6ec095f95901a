"""Rare classes count more in the loss: weights by how often each class has come lately."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

MOST = 20.0
"""What a row of a rare class weighs at most: a few mislabelled rows must not rule."""


class ClassWeights:
    """Weighs a row by N / (K · n), its class having come n times of N, with K classes (King & Zeng 2001).

    The mean weight of the rows that have come is 1, but for the bound. Counts fade with a half-life in rows, so
    that what was rare once is not for ever; None: they never do.

    >>> weights = ClassWeights(2, half_life=None)
    >>> weights.absorb(torch.tensor([0, 0, 0, 1]))
    >>> weights.of(torch.tensor([0, 1])).tolist()
    [0.6666666865348816, 2.0]
    """

    def __init__(self, classes: int, *, half_life: float | None) -> None:
        self._counts = torch.zeros(classes, dtype=torch.float64)
        self._half_life = half_life

    def absorb(self, y: Tensor) -> None:
        """Count fresh labels ``(rows,) int64``, before they are learned."""
        if self._half_life is not None:
            self._counts *= 0.5 ** (len(y) / self._half_life)
        self._counts += torch.bincount(y, minlength=len(self._counts))

    def of(self, y: Tensor) -> Tensor:
        """Return the weight of every row ``(rows,) float32``; 1 for a class that was never counted."""
        seen = self._counts > 0
        fair = self._counts.sum() / seen.sum().clamp_(min=1)
        weights = torch.where(seen, fair / self._counts.where(seen, 1.0), 1.0).clamp_(max=MOST)
        return weights[y].float()

    def state_dict(self) -> dict[str, Any]:
        """Return the counts."""
        return {"counts": self._counts.clone()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the counts."""
        self._counts.copy_(torch.as_tensor(state["counts"]))

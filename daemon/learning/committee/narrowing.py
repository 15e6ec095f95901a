"""Many inputs, in fewer columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor

WIDEST = 64
"""More inputs than these become so many random projections of them."""


class Narrowing:
    """Projects rows ``(rows, features)`` onto ``width`` random directions, orthogonal; leaves narrow ones alone."""

    def __init__(self, features: int, *, generator: np.random.Generator) -> None:
        self.width: int = min(features, WIDEST)
        self._project: Tensor | None = None
        if features > WIDEST:
            projection, _ = np.linalg.qr(generator.standard_normal((features, WIDEST)))
            self._project = torch.from_numpy(projection.astype(np.float32)).clone()

    def __call__(self, x: Tensor) -> Tensor:
        """Return the rows ``(rows, width) float32``."""
        return x if self._project is None else x @ self._project

"""Logistic regression by Newton steps on a bound of its Hessian."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


class NewtonLogistic:
    """W ← W + 4 (G + λI)⁻¹ Σ φᵀ(Y - P), with the Gram matrix G of the inputs that somebody else has summed.

    The Hessian of a multinomial logistic regression is at most a quarter of G (Böhning 1992). Slopes add up block
    after block; a step is made for many events at once.
    """

    def __init__(self, *, inputs: int, classes: int) -> None:
        self._weights = torch.zeros(inputs, classes, dtype=torch.float64)
        self._slope = torch.zeros(inputs, classes, dtype=torch.float64)

    @property
    def weights(self) -> Tensor:
        """``(inputs, classes) float64``: scores are inputs times these; read it only."""
        return self._weights

    def add(self, columns: Tensor, truth: Tensor, *, chances: Tensor) -> None:
        """Add the slopes of rows; ``chances`` were said of them, ``truth`` is right, ``(rows, classes)`` each."""
        self._slope += columns[:, : len(self._weights)].t() @ (truth - chances)

    def step(self, columns: Tensor, *, gram: Tensor, ridge: float) -> None:
        """Make the step that is due; ``columns`` are the latest rows, ``gram`` begins with G, λ is ``ridge``."""
        size = len(self._weights)
        system = gram[:size, :size].clone()
        system.diagonal().add_(ridge)
        factor, failed = torch.linalg.cholesky_ex(system)
        step = torch.cholesky_solve(self._slope, factor).mul_(4)
        # A column that was constant and begins to move has hardly any curvature: no score moves by more than 1.
        step /= max(1.0, float((columns[:, :size] @ step.float()).abs().max()))
        if not int(failed) and bool(step.isfinite().all()):
            self._weights += step
        self._slope.zero_()

    def state_dict(self) -> dict[str, Any]:
        """Return the weights and the slopes of no step yet."""
        return {"weights": self._weights, "slope": self._slope}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of other inputs or classes."""
        weights = torch.as_tensor(state["weights"])
        if weights.shape != self._weights.shape:
            raise ValueError(f"the checkpoint's logistic regression is {tuple(weights.shape)}")
        self._weights.copy_(weights)
        self._slope.copy_(torch.as_tensor(state["slope"]))

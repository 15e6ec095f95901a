"""Adam, with decoupled weight decay where asked for."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from strategies.optimizers.optimizer import Optimizer
from strategies.optimizers.schedule import LearningRate
from strategies.options.optimizers.adam import AdamOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


class Adam(Optimizer):
    """m ← β₁m + (1-β₁)g; v ← β₂v + (1-β₂)g²; θ ← θ - η m̂ / (√v̂ + ε), bias-corrected as in the paper."""

    Options: ClassVar[type[AdamOptions]] = AdamOptions

    def __init__(self, options: AdamOptions, *, parameters: int) -> None:
        self._options = options
        self._rate = LearningRate(options.lr, options.schedule)
        self._steps = 0
        self._mean = torch.zeros(parameters)
        self._square = torch.zeros(parameters)
        self._root = torch.zeros(parameters)

    def step(self, parameters: Tensor, gradient: Tensor) -> None:
        """Make one step."""
        lr, (beta1, beta2) = self._rate.advance(), self._options.betas
        self._steps += 1
        if self._options.weight_decay:
            parameters.mul_(1 - lr * self._options.weight_decay)
        self._mean.lerp_(gradient, 1 - beta1)
        self._square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        self._take_root()
        parameters.addcdiv_(self._mean, self._root, value=-lr / (1 - beta1**self._steps))

    def step_size(self) -> Tensor:
        """Return η / (√v̂ + ε), the step per unit of a constant gradient; only after a first step."""
        return torch.reciprocal(self._root).mul_(self._rate.last)

    def boundary(self) -> None:
        """Let the learning rate pass a boundary; the moments go on."""
        self._rate.boundary()

    def recast(self, factors: Tensor) -> None:
        """Divide the gradient's moments by what the parameters are multiplied by."""
        self._mean.div_(factors)
        self._square.div_(factors.square())
        if self._steps:
            self._take_root()

    @property
    def learning_rate(self) -> float:
        """η of the step to come."""
        return self._rate.coming

    def state_dict(self) -> dict[str, Any]:
        """Return the step count, both moments and the learning rate's counts."""
        return {
            "steps": self._steps,
            "mean": self._mean,
            "square": self._square,
            "rate": self._rate.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self._rate.load_state_dict(state["rate"])
        self._steps = state["steps"]
        self._mean.copy_(torch.as_tensor(state["mean"]))
        self._square.copy_(torch.as_tensor(state["square"]))
        if self._steps:
            self._take_root()

    def _take_root(self) -> None:
        """Set the denominator √v̂ + ε."""
        torch.sqrt(self._square, out=self._root)
        self._root.div_(sqrt(1 - self._options.betas[1] ** self._steps)).add_(self._options.eps)

"""Stochastic gradient descent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import torch

from strategies.optimizers.optimizer import Optimizer
from strategies.optimizers.schedule import LearningRate
from strategies.options.optimizers.sgd import SgdOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


class Sgd(Optimizer):
    """v ← μ v + g; θ ← θ - η v (the form of torch.optim.SGD without dampening)."""

    Options: ClassVar[type[SgdOptions]] = SgdOptions

    def __init__(self, options: SgdOptions, *, parameters: int) -> None:
        self._rate = LearningRate(options.lr, options.schedule)
        self._momentum = options.momentum
        self._velocity = torch.zeros(parameters if options.momentum else 0)

    def step(self, parameters: Tensor, gradient: Tensor) -> None:
        """Make one step."""
        if self._momentum:
            gradient = self._velocity.mul_(self._momentum).add_(gradient)
        parameters.add_(gradient, alpha=-self._rate.advance())

    def step_size(self) -> float:
        """Return η / (1 - μ), how far a constant gradient moves a parameter in the long run."""
        return self._rate.last / (1 - self._momentum)

    def boundary(self) -> None:
        """Let the learning rate pass a boundary."""
        self._rate.boundary()

    def recast(self, factors: Tensor) -> None:
        """Divide the velocity by what the parameters are multiplied by."""
        if self._momentum:
            self._velocity.div_(factors)

    @property
    def learning_rate(self) -> float:
        """η of the step to come."""
        return self._rate.coming

    def state_dict(self) -> dict[str, Any]:
        """Return the velocity and the learning rate's counts."""
        return {"velocity": self._velocity, "rate": self._rate.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where only one of the two has momentum."""
        saved = torch.as_tensor(state["velocity"])
        if saved.shape != self._velocity.shape:
            had, has = ("with" if len(velocity) else "without" for velocity in (saved, self._velocity))
            raise ValueError(f"the checkpoint's optimizer is sgd {had} momentum, the configured one {has}")
        self._velocity.copy_(saved)
        self._rate.load_state_dict(state["rate"])

"""Stochastic gradient descent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import torch
from pydantic import Field

from strategies.optimizers.optimizer import Optimizer
from strategies.options import Options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


class SgdOptions(Options):
    """Stochastic gradient descent."""

    type: Literal["sgd"] = "sgd"
    lr: float = Field(0.05, gt=0, description="Learning rate.")
    momentum: float = Field(0.0, ge=0, lt=1, description="Heavy-ball momentum, as in torch.optim.SGD.")


class Sgd(Optimizer):
    """v ← μ v + g; θ ← θ - η v (the form of torch.optim.SGD without dampening)."""

    Options: ClassVar[type[SgdOptions]] = SgdOptions

    def __init__(self, options: SgdOptions, *, parameters: int) -> None:
        self._lr = options.lr
        self._momentum = options.momentum
        self._velocity = torch.zeros(parameters if options.momentum else 0)

    def step(self, parameters: Tensor, gradient: Tensor) -> None:
        """Make one step."""
        if self._momentum:
            gradient = self._velocity.mul_(self._momentum).add_(gradient)
        parameters.add_(gradient, alpha=-self._lr)

    def step_size(self) -> float:
        """Return η / (1 - μ), how far a constant gradient moves a parameter in the long run."""
        return self._lr / (1 - self._momentum)

    def state_dict(self) -> dict[str, Any]:
        """Return the velocity."""
        return {"velocity": self._velocity}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the velocity; raise ``ValueError`` where only one of the two has momentum."""
        saved = torch.as_tensor(state["velocity"])
        if saved.shape != self._velocity.shape:
            had, has = ("with" if len(velocity) else "without" for velocity in (saved, self._velocity))
            raise ValueError(f"the checkpoint's optimizer is sgd {had} momentum, the configured one {has}")
        self._velocity.copy_(saved)

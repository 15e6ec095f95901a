"""The contract of an optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from strategies.options import Options


class Optimizer:
    """Moves a flat parameter vector ``(parameters,) float32`` along its gradient, in place."""

    Options: ClassVar[type[Options]]

    def __init__(self, options: Any, *, parameters: int) -> None:
        raise NotImplementedError

    def step(self, parameters: Tensor, gradient: Tensor) -> None:
        """Make one step; ``gradient`` may be overwritten."""
        raise NotImplementedError

    def step_size(self) -> float | Tensor:
        """Return how far the last step moved per unit of gradient: a float, or ``(parameters,) float32``."""
        raise NotImplementedError

    def boundary(self) -> None:
        """Take note of a task boundary, where anything is counted from there."""

    def recast(self, factors: Tensor) -> None:
        """Go on with parameters that mean the same and are ``factors`` ``(parameters,)`` times what they were."""

    @property
    def learning_rate(self) -> float | None:
        """The learning rate of the step to come, for the metrics; None where there is no such number."""
        return None

    def state_dict(self) -> dict[str, Any]:
        """Return the running moments."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the running moments."""

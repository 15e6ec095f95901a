"""A point that parameters are held near, each as firmly as it matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from strategies.recast import Recast

STIFFEST = 1e30
"""The largest curvature of a penalty, below what float32 holds whatever a configured strength is."""


class Anchor(Protocol):
    """A quadratic penalty on the distance to a point, applied implicitly after the optimizer's step."""

    @property
    def active(self) -> bool:
        """Whether there is a point to hold on to."""

    def pull(self, parameters: Tensor, step_size: float | Tensor) -> None:
        """Move ``parameters`` ``(parameters,) float32`` in place to where ½‖Δ‖²/s + penalty is least.

        ``step_size`` s is a float, or one value per parameter. Does nothing where the anchor is not active.
        """

    def penalty(self, parameters: Tensor) -> float | None:
        """Return the penalty at ``parameters``, None where the anchor is not active."""

    def recast(self, recast: Recast) -> None:
        """Move the point with the scales of inputs and outputs, and keep the penalty what it was."""

    def state_dict(self) -> dict[str, Any]:
        """Return point and importance."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up point and importance."""


class DiagonalAnchor:
    """The penalty ½ Σ hᵢ (θᵢ - θ*ᵢ)² with h = ``scale`` · importance.

    It is applied as the proximal step θ ← (θ + s·h·θ*) / (1 + s·h), which is stable for any h.

    >>> anchor = DiagonalAnchor(scale=2.0)
    >>> anchor.hold(torch.zeros(2), importance=torch.tensor([0.5, 0.0]))
    >>> parameters = torch.tensor([3.0, 3.0])
    >>> anchor.penalty(parameters)
    4.5
    >>> anchor.pull(parameters, 1.0)
    >>> parameters.tolist()
    [1.5, 3.0]
    """

    def __init__(self, *, scale: float) -> None:
        self._scale = scale
        self._point: Tensor | None = None
        self._importance: Tensor | None = None
        self._precision: Tensor | None = None
        self._shrinkage: tuple[float, Tensor] | None = None

    @property
    def active(self) -> bool:
        """Whether there is a point to hold on to."""
        return self._point is not None

    def hold(self, point: Tensor, *, importance: Tensor) -> None:
        """Hold on to a copy of ``point`` ``(parameters,) float32``, with a finite ``importance`` of that shape."""
        self._point, self._importance = point.clone(), importance
        self._weigh()

    def add(self, point: Tensor, *, importance: Tensor, decay: float) -> bool:
        """Move to ``point``, let the old importance decay and add this.

        Return False, having changed nothing, where the sum is not finite.
        """
        total = importance if self._importance is None else self._importance.mul(decay).add_(importance)
        if not bool(torch.isfinite(total).all()):
            return False
        self.hold(point, importance=total)
        return True

    def pull(self, parameters: Tensor, step_size: float | Tensor) -> None:
        """Move each parameter by s·h / (1 + s·h) of the way to the point."""
        if self._point is not None:
            parameters.lerp_(self._point, self._shrink(step_size))

    def penalty(self, parameters: Tensor) -> float | None:
        """Return ½ Σ hᵢ (θᵢ - θ*ᵢ)²."""
        if self._point is None:
            return None
        assert self._precision is not None
        return 0.5 * float(self._precision.dot((parameters - self._point).square_()))

    def recast(self, recast: Recast) -> None:
        """Move the point, and divide each importance by the square of what its parameter is multiplied by."""
        if self._point is None:
            return
        assert self._importance is not None
        recast.move(self._point)
        self._importance = self._importance / recast.factors().square_()
        self._weigh()

    def move(self, recast: Recast) -> None:
        """Move the point, and hold on to it as firmly as before."""
        if self._point is not None:
            recast.move(self._point)

    def state_dict(self) -> dict[str, Any]:
        """Return point and importance, both empty where there are none."""
        empty = torch.zeros(0)
        return {
            "anchor": empty if self._point is None else self._point,
            "importance": empty if self._importance is None else self._importance,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up point and importance."""
        point, importance = torch.as_tensor(state["anchor"]), torch.as_tensor(state["importance"])
        self._point = point.clone() if len(point) else None
        self._importance = importance.clone() if len(importance) else None
        self._weigh()

    def _weigh(self) -> None:
        self._shrinkage = None
        if self._importance is not None:
            self._precision = self._importance.double().mul_(self._scale).clamp_(max=STIFFEST).float()

    def _shrink(self, step_size: float | Tensor) -> Tensor:
        """Return s·h / (1 + s·h), kept while the step size stays."""
        if isinstance(step_size, float) and self._shrinkage is not None and self._shrinkage[0] == step_size:
            return self._shrinkage[1]
        assert self._precision is not None
        pull = self._precision * step_size
        shrink = pull.div_(pull + 1)
        if isinstance(step_size, float):
            self._shrinkage = (step_size, shrink)
        return shrink

"""Synaptic intelligence: what a parameter's way has done for the loss is what it matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import torch
from pydantic import Field

from strategies.anchor import DiagonalAnchor
from strategies.anchored import Anchored, AnchoredOptions
from strategies.options import LIVE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from strategies.batch import Batch
    from strategies.learner import Learner
    from strategies.recast import Recast
    from strategies.strategy import Setting


class SiOptions(AnchoredOptions):
    """Synaptic intelligence."""

    type: Literal["si"] = "si"
    strength: float = Field(
        0.5, ge=0, description="c, the weight of the penalty; stable at any size.", json_schema_extra=LIVE
    )
    damping: float = Field(
        0.1,
        gt=0,
        description="ξ, which bounds the importance of parameters that have hardly moved.",
        json_schema_extra=LIVE,
    )


class Si(Anchored):
    """Synaptic intelligence (Zenke, Poole & Ganguli 2017, eq. 4 and 5) with a proximal step.

    Along the path of a task each parameter sums up ω ← ω - g·Δθ, how far its moves have lowered the loss; g is the
    gradient before it is clipped. At a consolidation Ω ← γ Ω + max(ω, 0) / (Δ² + ξ), with Δ the way from the last
    consolidation to this one, and the penalty is c Σ Ωᵢ (θᵢ - θ*ᵢ)². It remembers no row.
    """

    Options: ClassVar[type[SiOptions]] = SiOptions
    options: SiOptions

    def __init__(self, options: SiOptions, *, setting: Setting) -> None:
        self._diagonal = DiagonalAnchor(scale=2 * options.strength)
        super().__init__(options, setting=setting, anchor=self._diagonal)
        self._start: Tensor | None = None
        self._path: Tensor | None = None
        self._before = torch.zeros(0)
        self._gradient = torch.zeros(0)

    def constrain(self, learner: Learner, gradient: Tensor) -> None:
        """Leave the gradient as it is; remember it, and where the step begins."""
        self._before, self._gradient = learner.parameters.clone(), gradient.clone()
        if self._start is None:
            self._start, self._path = learner.parameters.clone(), torch.zeros_like(gradient)

    def observe(self, learner: Learner, fresh: Batch, outputs: Tensor) -> None:
        """Add the step to the path, the pull of every anchor included."""
        assert self._path is not None
        self._path.addcmul_(self._gradient, self._before.sub_(learner.parameters))
        super().observe(learner, fresh, outputs)

    def recast(self, recast: Recast) -> None:
        """Move the anchor, and where the path began; what its steps have done for the loss is the same."""
        super().recast(recast)
        if self._start is not None:
            recast.move(self._start)

    def settle(self, learner: Learner) -> bool:
        """Turn the path into importance, and begin a new one here."""
        assert self._start is not None
        assert self._path is not None
        square = (learner.parameters - self._start).square_()
        importance = self._path.clamp(min=0).div_(square.add_(self.options.damping))
        self._start, self._path = learner.parameters.clone(), torch.zeros_like(square)
        return self._diagonal.add(learner.parameters, importance=importance, decay=self.options.decay)

    def state_dict(self) -> dict[str, Any]:
        """Return anchor, importance, counts, and the path of the running task."""
        empty = torch.zeros(0)
        return super().state_dict() | {
            "start": empty if self._start is None else self._start,
            "path": empty if self._path is None else self._path,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        super().load_state_dict(state)
        start, path = torch.as_tensor(state["start"]), torch.as_tensor(state["path"])
        self._start = start.clone() if len(start) else None
        self._path = path.clone() if len(path) else None

"""Synaptic intelligence: what a parameter's way has done for the loss is what it matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import torch

from strategies.anchor import DiagonalAnchor
from strategies.anchored import Anchored
from strategies.options.si import SiOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from strategies.batch import Batch
    from strategies.learner import Learner
    from strategies.recast import Recast
    from strategies.strategy import Setting


class Si(Anchored):
    """Synaptic intelligence (Zenke, Poole & Ganguli 2017, eq. 4 and 5) with a proximal step.

    Along the path of a task each parameter sums up ω ← ω - g·Δθ, how far its moves have lowered the loss; g is the
    gradient before it is clipped. At a consolidation Ω ← γ Ω + max(ω, 0) / (Δ² + ξ), with Δ the way from the last
    consolidation to this one, and the penalty is c Σ Ωᵢ (θᵢ - θ*ᵢ)². It remembers no row. On a drift alarm the path
    up to the older mark is what counts; the rest is the beginning of the next one.
    """

    Options: ClassVar[type[SiOptions]] = SiOptions
    options: SiOptions

    def __init__(self, options: SiOptions, *, setting: Setting) -> None:
        self._diagonal = DiagonalAnchor(scale=2 * options.strength)
        super().__init__(options, setting=setting, anchor=self._diagonal)
        self._start: Tensor | None = None
        self._path: Tensor | None = None
        self._marked_paths: tuple[Tensor, ...] = ()
        """At the two latest marks, the older one first; fewer where there were fewer."""
        self._rest: Tensor | None = None
        """Of the path, on a drift alarm, after the older mark."""
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
        self._start = learner.parameters.clone()
        self._path = torch.zeros_like(square) if self._rest is None else self._rest
        return self._diagonal.add(learner.parameters, importance=importance, decay=self.options.decay)

    def begin(self) -> None:
        """Forget the marks; the path goes on."""
        super().begin()
        self._marked_paths, self._rest = (), None

    def mark(self) -> None:
        """Note the path."""
        super().mark()
        if self._path is not None:
            self._marked_paths = (*self._marked_paths[-1:], self._path.clone())

    def rewind(self) -> None:
        """Take the path back to the older mark, if any of it belongs to what came before."""
        super().rewind()
        if self._events:
            assert self._path is not None
            self._path, self._rest = self._marked_paths[0], self._path - self._marked_paths[0]

    def state_dict(self) -> dict[str, Any]:
        """Return anchor, importance, counts, and the path of the running task."""
        empty = torch.zeros(0)
        return super().state_dict() | {
            "start": empty if self._start is None else self._start,
            "path": empty if self._path is None else self._path,
            "marked_paths": list(self._marked_paths),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        super().load_state_dict(state)
        start, path = torch.as_tensor(state["start"]), torch.as_tensor(state["path"])
        self._start = start.clone() if len(start) else None
        self._path = path.clone() if len(path) else None
        self._marked_paths = tuple(torch.as_tensor(marked).clone() for marked in state["marked_paths"])

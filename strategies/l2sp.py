"""L2-SP: the weights are pulled towards where they started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import torch

from strategies.anchor import DiagonalAnchor
from strategies.options.l2sp import L2SpOptions
from strategies.pretrained import read_pretrained
from strategies.strategy import Setting, Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from strategies.learner import Learner
    from strategies.recast import Recast


class L2Sp(Strategy):
    """L2-SP (Li, Grandvalet & Davoine 2018, eq. 3) with a proximal step: the penalty (α/2) ‖θ - θ⁰‖².

    The point θ⁰ is the weights before the first step, such as those of a pretrained model, or those of a file.
    Where they are the random ones of a new model, it is L2 Init (Kumar, Marklund & Van Roy 2023, arXiv
    2308.11958): what is of no more use goes back to where it can be learned with again. It holds from the first
    step on and needs no boundary.
    """

    Options: ClassVar[type[L2SpOptions]] = L2SpOptions
    options: L2SpOptions

    def __init__(self, options: L2SpOptions, *, setting: Setting) -> None:
        super().__init__(options, setting=setting)
        self._held = DiagonalAnchor(scale=options.strength)
        self._rate: float | None = None
        """The optimizer's learning rate in the step under way."""
        self._file = None if options.weights is None else read_pretrained(options.weights).weights

    def constrain(self, learner: Learner, gradient: Tensor) -> None:
        """Leave the gradient as it is; before the first step, take the starting point."""
        self._rate = learner.learning_rate
        if not self._held.active:
            self.join(learner)

    def join(self, learner: Learner) -> None:
        """Take the starting point."""
        self._held.hold(self._start(learner), importance=torch.ones_like(learner.parameters))

    def anchor(self, parameters: Tensor, step_size: float | Tensor) -> None:
        """Pull the parameters towards the starting point, all alike."""
        by_rate = self._rate if self.options.decoupled else None
        self._held.pull(parameters, step_size if by_rate is None else by_rate)

    def recast(self, recast: Recast) -> None:
        """Move the starting point."""
        self._held.move(recast)

    def penalty(self, parameters: Tensor) -> float | None:
        """Return (α/2) ‖θ - θ⁰‖², None before there is a starting point."""
        return self._held.penalty(parameters)

    def gauges(self) -> Mapping[str, float]:
        """Return whether there is a starting point; taking it is the one consolidation."""
        active = float(self._held.active)
        return {"anchor_active": active, "consolidations": active}

    def state_dict(self) -> dict[str, Any]:
        """Return the starting point."""
        return self._held.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the starting point."""
        self._held.load_state_dict(state)

    def _start(self, learner: Learner) -> Tensor:
        if self._file is None:
            return learner.parameters
        start = torch.empty_like(learner.parameters)
        for name, view in learner.network.views(start).items():
            found = self._file.get(name)
            if found is None or found.shape != view.shape:
                held = "nothing of that name" if found is None else f"the shape {tuple(found.shape)}"
                raise ValueError(
                    f"l2sp.weights: {self.options.weights} must hold {name} of the shape {tuple(view.shape)},"
                    f" as the model does, and holds {held}"
                )
            view.copy_(found)
        return start

"""A-GEM: a step may not raise the loss on what is remembered."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar

from strategies.buffer import Buffered
from strategies.options.agem import AgemOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from strategies.learner import Learner
    from strategies.strategy import Setting


class Agem(Buffered):
    """A-GEM (Chaudhry et al. 2019, eq. 11): g ← g - (g·r / r·r) r where g·r < 0.

    g is the step's gradient, r that of the mean loss on rows drawn from the buffer. A r that is not finite, or
    so small that r·r is zero in float32, forbids nothing.
    """

    Options: ClassVar[type[AgemOptions]] = AgemOptions

    def __init__(self, options: AgemOptions, *, setting: Setting) -> None:
        super().__init__(options, setting=setting)
        self._projections = 0

    def constrain(self, learner: Learner, gradient: Tensor) -> None:
        """Take out of the gradient what would raise the loss on rows of the past."""
        if not len(self.memory):
            return
        reference = learner.gradient_on(self.memory.storage.examples(self.draw()))
        conflict, square_norm = float(gradient.dot(reference)), float(reference.dot(reference))
        if conflict < 0 < square_norm and isfinite(share := conflict / square_norm):
            gradient.sub_(reference, alpha=share)
            self._projections += 1

    def gauges(self) -> Mapping[str, float]:
        """Return the buffer's figures, and how many steps were changed."""
        return {**super().gauges(), "steps_projected": self._projections}

    def state_dict(self) -> dict[str, Any]:
        """Return the buffer and the count."""
        return super().state_dict() | {"projections": self._projections}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the buffer and the count."""
        super().load_state_dict(state)
        self._projections = state["projections"]

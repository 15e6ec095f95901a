"""What the methods share that hold parameters where they were at the last consolidation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strategies.consolidating import Consolidating

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from strategies.anchor import Anchor
    from strategies.options.anchored import AnchoredOptions
    from strategies.recast import Recast
    from strategies.strategy import Setting


class Anchored(Consolidating):
    """Moves an anchor to the parameters whenever it consolidates; subclasses say what matters.

    Before the first consolidation it does nothing, which the gauge ``anchor_active`` shows.
    """

    def __init__(self, options: AnchoredOptions, *, setting: Setting, anchor: Anchor) -> None:
        super().__init__(options, setting=setting)
        self._held = anchor

    def anchor(self, parameters: Tensor, step_size: float | Tensor) -> None:
        """Pull the parameters towards the anchor, each by its importance."""
        self._held.pull(parameters, step_size)

    def recast(self, recast: Recast) -> None:
        """Move the anchor."""
        self._held.recast(recast)

    def penalty(self, parameters: Tensor) -> float | None:
        """Return the anchor's penalty, None before the first consolidation."""
        return self._held.penalty(parameters)

    def gauges(self) -> Mapping[str, float]:
        """Return whether the anchor is set, how often it was, and how often importance was not finite."""
        return {"anchor_active": float(self._held.active), **super().gauges()}

    def state_dict(self) -> dict[str, Any]:
        """Return anchor, importance and counts."""
        return super().state_dict() | self._held.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        super().load_state_dict(state)
        self._held.load_state_dict(state)

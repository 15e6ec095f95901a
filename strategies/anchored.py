"""What the methods share that hold parameters where they were: when they consolidate, and what they tell of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from strategies.options import Options
from strategies.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from strategies.anchor import Anchor
    from strategies.batch import Batch
    from strategies.learner import Learner
    from strategies.strategy import Setting


class AnchoredOptions(Options):
    """An anchor that moves at consolidations."""

    strength: float = Field(10.0, ge=0, description="The weight of the penalty. Any size is stable.")
    decay: float = Field(
        0.95,
        gt=0,
        le=1,
        description="γ, what remains of the old importance at a consolidation; 1 stiffens without end.",
    )
    every_events: Annotated[int, Field(ge=1)] | None = Field(
        50_000, description="Consolidate after so many events without a boundary; null: at boundaries only."
    )


class Anchored(Strategy):
    """Moves an anchor to the parameters at each boundary, or on a schedule; subclasses say what matters.

    Before the first consolidation it does nothing, which the gauge ``anchor_active`` shows.
    """

    def __init__(self, options: AnchoredOptions, *, setting: Setting, anchor: Anchor) -> None:
        super().__init__(options, setting=setting)
        self._held = anchor
        self._every_events = options.every_events
        self._events = 0
        self._consolidations = 0
        self._rejected = 0

    def settle(self, learner: Learner) -> bool:
        """Move the anchor to the learner's parameters, with the importance of what was learned since the last time.

        Return False, having left the anchor alone, where that importance is not finite.
        """
        raise NotImplementedError

    def anchor(self, parameters: Tensor, step_size: float | Tensor) -> None:
        """Pull the parameters towards the anchor, each by its importance."""
        self._held.pull(parameters, step_size)

    def observe(self, learner: Learner, fresh: Batch, outputs: Tensor) -> None:
        """Count the events, and consolidate where the schedule says so."""
        self._events += len(fresh)
        if self._every_events is not None and self._events >= self._every_events:
            self.consolidate(learner, task=int(fresh.task[-1]))

    def consolidate(self, learner: Learner, task: int) -> None:
        """Move the anchor here; nothing where no row was learned since the last time.

        Importance that is not finite is dropped with the rows it came from, and counted.
        """
        if not self._events:
            return
        if self.settle(learner):
            self._consolidations += 1
        else:
            self._rejected += 1
        self._events = 0

    def penalty(self, parameters: Tensor) -> float | None:
        """Return the anchor's penalty, None before the first consolidation."""
        return self._held.penalty(parameters)

    def gauges(self) -> Mapping[str, float]:
        """Return whether the anchor is set, how often it was, and how often importance was not finite."""
        return {
            "anchor_active": float(self._held.active),
            "consolidations": self._consolidations,
            "consolidations_rejected": self._rejected,
        }

    def state_dict(self) -> dict[str, Any]:
        """Return anchor, importance and counts."""
        return {
            **self._held.state_dict(),
            "events": self._events,
            "consolidations": self._consolidations,
            "rejected": self._rejected,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self._held.load_state_dict(state)
        self._events = state["events"]
        self._consolidations = state["consolidations"]
        self._rejected = state["rejected"]

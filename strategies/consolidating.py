"""What the methods share that take stock at consolidations: when these are, and how many there were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strategies.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from strategies.batch import Batch
    from strategies.learner import Learner
    from strategies.options.consolidating import ConsolidatingOptions
    from strategies.strategy import Setting


class Consolidating(Strategy):
    """Settles what was learned at each boundary, or on a schedule; subclasses say how."""

    def __init__(self, options: ConsolidatingOptions, *, setting: Setting) -> None:
        super().__init__(options, setting=setting)
        self._every_events = options.every_events
        self._events = 0
        self._consolidations = 0
        self._rejected = 0
        self._marked = (0, 0)
        """Events since the last consolidation at the two latest marks, the older one first."""

    def settle(self, learner: Learner) -> bool:
        """Take stock of what was learned since the last time.

        That is what the first ``_events`` rows since then have taught: on a drift alarm, those before the mark.
        Return False, having kept what was settled before, where it is not finite.
        """
        raise NotImplementedError

    def observe(self, learner: Learner, fresh: Batch, outputs: Tensor) -> None:
        """Count the events, and consolidate where the schedule says so."""
        self._events += len(fresh)
        if self._every_events is not None and self._events >= self._every_events:
            self.consolidate(learner, task=int(fresh.task[-1]))

    def consolidate(self, learner: Learner, task: int) -> None:
        """Settle; nothing where no row was learned since the last time.

        What is not finite is dropped with the rows it came from, and counted.
        """
        if self._events:
            if self.settle(learner):
                self._consolidations += 1
            else:
                self._rejected += 1
        self.begin()

    def begin(self) -> None:
        """Gather anew: what was gathered is settled, or came after a drift that nothing before it is left of."""
        self._events, self._marked = 0, (0, 0)

    def mark(self) -> None:
        """Note how many events there were."""
        self._marked = (self._marked[1], self._events)

    def rewind(self) -> None:
        """Count the events before the older mark only."""
        self._events = self._marked[0]

    def gauges(self) -> Mapping[str, float]:
        """Return how often it has consolidated, and how often that was rejected."""
        return {"consolidations": self._consolidations, "consolidations_rejected": self._rejected}

    def state_dict(self) -> dict[str, Any]:
        """Return the counts."""
        return {
            "events": self._events,
            "marked": list(self._marked),
            "consolidations": self._consolidations,
            "rejected": self._rejected,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the counts."""
        self._events = state["events"]
        older, newer = state["marked"]
        self._marked = (int(older), int(newer))
        self._consolidations = state["consolidations"]
        self._rejected = state["rejected"]

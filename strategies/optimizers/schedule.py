"""How large a step is at which time: one definition of the learning rate for every optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strategies.options.optimizers.schedule import ScheduleOptions


class LearningRate:
    """The learning rate, step by step: floor + (lr - floor) · shape, at most the cap.

    A step that was rejected was not made and is not counted.
    """

    def __init__(self, lr: float, schedule: ScheduleOptions) -> None:
        self._lr = lr
        self._schedule = schedule
        self._fixed = schedule.type == "constant" and not schedule.warm_up
        self._steps = 0
        self._boundaries = 0
        self.coming = self._rate()
        """Of the step to be made next."""
        self.last = self.coming
        """Of the step made last; before the first, of that one."""

    def advance(self) -> float:
        """Return the rate of the step that is made now, and count it."""
        self.last = self.coming
        self._steps += 1
        if not self._fixed:
            self.coming = self._rate()
        return self.last

    def boundary(self) -> None:
        """Pass a task boundary."""
        self._boundaries += 1
        if self._schedule.restart == "boundary":
            self._steps = 0
        self.coming = self._rate()

    def state_dict(self) -> dict[str, Any]:
        """Return what was counted, and the last step's rate."""
        return {"steps": self._steps, "boundaries": self._boundaries, "last": self.last}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the counts; the rates to come are those configured now."""
        self._steps, self._boundaries, self.last = state["steps"], state["boundaries"], state["last"]
        self.coming = self._rate()

    def _rate(self) -> float:
        schedule = self._schedule
        peak = max(self._lr * schedule.per_boundary**self._boundaries, schedule.floor)
        rate = schedule.floor + (peak - schedule.floor) * schedule.shape(self._steps)
        return rate if schedule.cap is None else min(rate, schedule.cap)

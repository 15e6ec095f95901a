"""How a learner learns block after block: the steps that it makes, and what came of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.learning.step_budget import Updates
    from strategies.batch import Batch
    from strategies.learner import Learner


@dataclass(slots=True)
class Tally:
    """What was done since the tally was last taken."""

    predicted: int = 0
    learned: int = 0
    held_out: int = 0
    steps: int = 0
    steps_rejected: int = 0
    steps_saved: int = 0
    """Steps not made because the budget of the task was used up."""
    loss: float | None = None
    """Of the last accepted step."""


class Training:
    """Makes as many steps on each block as ``updates`` allows, and counts them."""

    def __init__(self, learner: Learner, *, updates: Updates) -> None:
        self.tally = Tally()
        self._learner = learner
        self._updates = updates

    @property
    def steps_left(self) -> int | None:
        """Steps that may be made until the next boundary; None where they are not limited."""
        return self._updates.left

    def learn(self, fresh: Batch) -> None:
        """Learn the rows of a block that are not held out; nothing where there are none."""
        if not len(fresh):
            return
        due = self._updates.take(fresh)
        self.tally.steps_saved += due.saved
        if not due.steps:
            return
        self._learner.objective.absorb(due.rows.y)
        accepted = False
        for _ in range(due.steps):
            accepted = self._step(due.rows, again=accepted) or accepted
        self.tally.learned += len(due.rows) if accepted else 0

    def boundary(self) -> None:
        """Take note of a boundary, which brings a new budget of steps."""
        self._updates.boundary()

    def take_tally(self) -> Tally:
        """Return what was done since the last call."""
        tally, self.tally = self.tally, Tally()
        return tally

    def state_dict(self) -> dict[str, Any]:
        """Return what decides on the steps to come; a tally is of this process alone."""
        return self._updates.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self._updates.load_state_dict(state)

    def _step(self, rows: Batch, *, again: bool) -> bool:
        step = self._learner.learn(rows, again=again)
        if step.accepted:
            self.tally.steps += 1
            self.tally.loss = step.loss
        else:
            self.tally.steps_rejected += 1
        return step.accepted

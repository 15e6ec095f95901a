"""The companion that begins anew at every boundary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.learning.companion import Companion
from daemon.state.state_tree import copy_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from daemon.learning.block import ClosedBlock
    from strategies.any_learner import AnyLearner

_OF_THE_STREAM = ("scaler", "objective")
"""Parts of a learner that go on: the scales of inputs and labels."""


class Fresh(Companion):
    """The main learner as it was before its first event, again and again: at boundaries, and every so many events.

    What it learns better than the main learner, late in a segment, the main learner has become unable to learn: the
    plasticity that it has lost. It remembers nothing of earlier tasks, so it is scored on arrival only.
    """

    def __init__(self, *arguments: Any, every_events: int | None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._every_events = every_events
        self._begun = 0
        self._untrained = copy_tree(self.scored.learner.state_dict())

    def follow(
        self,
        block: ClosedBlock,
        *,
        number: int,
        known_classes: int,
        events: int,
        said: NDArray[Any] | None = None,
    ) -> None:
        """Predict and learn the block; begin anew before it, where so many events have been learned."""
        if self._every_events is not None and events - self._begun > self._every_events:
            self._begin_anew(events)
        super().follow(block, number=number, known_classes=known_classes, events=events, said=said)

    def end_segment(self, task: int, *, main: AnyLearner, drifted: bool, events: int, time: float) -> None:
        """Begin anew with the next one."""
        self._begin_anew(events)

    def mark_boundary(
        self, task: int, *, main: AnyLearner, others: Iterable[int], events: int, time: float
    ) -> None:
        """Begin anew after it."""
        self._begin_anew(events)

    def evaluate(self, task: int, *, number: int, events: int, time: float) -> None:
        """Nothing: what it knows is of one segment."""

    def state_dict(self) -> dict[str, Any]:
        """Return the model, its scores on arrival, and when it began."""
        return super().state_dict() | {"begun": self._begun}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        super().load_state_dict(state)
        self._begun = state["begun"]

    def _begin_anew(self, events: int) -> None:
        learner = self.scored.learner
        with self._generator.in_use():
            now = learner.state_dict()
            learner.load_state_dict(copy_tree(self._untrained) | {part: now[part] for part in _OF_THE_STREAM})
        self._begun = events

"""The companion that has stopped to learn."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from daemon.learning.companion import Companion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.block import ClosedBlock
    from daemon.learning.snapshot import LearnerSnapshot
    from strategies.any_learner import AnyLearner
    from strategies.batch import Batch
    from strategies.objective import Answer


class Frozen(Companion):
    """The main learner as it was at the first boundary, with its scales of inputs and labels, for good.

    Before that boundary it is the main learner, and has no scores of its own.
    """

    stopped = False
    """Whether that boundary has been."""

    def follow(
        self,
        block: ClosedBlock,
        *,
        number: int,
        known_classes: int,
        events: int,
        said: NDArray[Any] | None = None,
    ) -> None:
        """Predict the block, if this one is ours."""
        if self.stopped:
            super().follow(block, number=number, known_classes=known_classes, events=events, said=said)
        else:
            for task in block.tasks:
                self.scored.evaluator.meet(task)

    def ask(self, batch: Batch, *, scaled: Tensor, start: int, known_classes: int, main: Answer) -> NDArray[Any]:
        """Return what is said of rows on arrival; what the main learner says, while this is the main learner."""
        if not self.stopped:
            return main.value.numpy()
        return super().ask(batch, scaled=scaled, start=start, known_classes=known_classes, main=main)

    def end_segment(self, task: int, *, main: AnyLearner, drifted: bool, events: int, time: float) -> None:
        """Become the main learner at the first one; be evaluated."""
        self._stop(main)
        super().end_segment(task, main=main, drifted=False, events=events, time=time)

    def mark_boundary(
        self, task: int, *, main: AnyLearner, others: Iterable[int], events: int, time: float
    ) -> None:
        """Become the main learner, if this is the first boundary; be evaluated."""
        self._stop(main)
        super().mark_boundary(task, main=main, others=others, events=events, time=time)

    def evaluate(self, task: int, *, number: int, events: int, time: float) -> None:
        """Be evaluated, once it is another than the main learner."""
        if self.stopped:
            super().evaluate(task, number=number, events=events, time=time)

    def snapshot(self, names: Mapping[int, str]) -> LearnerSnapshot:
        """Return how the learner stands; it has no learning rate."""
        return replace(super().snapshot(names), learning_rate=None)

    def state_dict(self) -> dict[str, Any]:
        """Return the model and its scores."""
        return super().state_dict() | {"stopped": self.stopped}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        super().load_state_dict(state)
        self.stopped = state["stopped"]

    def _stop(self, main: AnyLearner) -> None:
        if not self.stopped:
            self.scored.learner.become(main)
            self.stopped = True

    def _scaled(self, x: Tensor, scaled: Tensor) -> Tensor:
        del scaled
        return self.scored.learner.scale(x)

    def _learn(self, block: ClosedBlock, *, events: int) -> None:
        """Nothing more."""

    def _consolidate(self, task: int) -> None:
        """Nothing either."""

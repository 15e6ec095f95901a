"""A companion: a shadow model, which sees the main learner's events and is scored like it, but answers nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from daemon.learning.padded_rows import PaddedRows
from strategies.objective import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.block import ClosedBlock
    from daemon.learning.scored_learner import ScoredLearner
    from daemon.learning.shared_scale import SharedScale
    from daemon.learning.snapshot import LearnerSnapshot
    from daemon.learning.torch_generator import TorchGenerator
    from strategies.any_learner import AnyLearner
    from strategies.batch import Batch
    from strategies.row_holder import Gone


class Companion:
    """Follows the main learner, block by block.

    A model changes only where a block is closed, so a companion predicts a whole block when the main learner has
    closed it, with the model that it was before, and then learns it: test, then train, like everyone. It takes part
    in every so many blocks, and in every so many of the evaluations between boundaries; the others pass it by.
    """

    def __init__(
        self,
        scored: ScoredLearner,
        *,
        generator: TorchGenerator,
        features: int,
        block_rows: int,
        every_blocks: int,
        every_evaluations: int,
        scale: SharedScale | None = None,
    ) -> None:
        self.scored = scored
        self._generator = generator
        self._every_blocks = every_blocks
        self._every_evaluations = every_evaluations
        self._scale = scale
        self._seen = PaddedRows(block_rows, features=features)

    @property
    def takes_part_in_all(self) -> bool:
        """Whether no block passes it by: then it has predicted every event, from its beginning on."""
        return self._every_blocks == 1

    def follow(
        self,
        block: ClosedBlock,
        *,
        number: int,
        known_classes: int,
        events: int,
        said: NDArray[Any] | None = None,
    ) -> None:
        """Predict the block with this number, score the predictions, and learn it, if this block is one of ours.

        ``known_classes`` is how many were known before the block, ``events`` how many there were with it. Where the
        rows were predicted on arrival, ``said`` ``(rows,)`` is what was said then.
        """
        for task in block.tasks:
            self.scored.evaluator.meet(task)
        if number % self._every_blocks == 0:
            with self._generator.in_use():
                self._predict(block, known_classes=known_classes, said=said)
                self._learn(block, events=events)

    def ask(self, batch: Batch, *, scaled: Tensor, start: int, known_classes: int, main: Answer) -> NDArray[Any]:
        """Return what is said of rows on arrival ``(rows,)``, where their labels come later.

        ``scaled`` is how the main learner sees them, ``start`` their first place in the padded rows, ``main`` what
        the main learner says.
        """
        del main
        with self._generator.in_use():
            return self._answer(batch, scaled=scaled, start=start, known_classes=known_classes).value.numpy()

    def follow_scales(self) -> None:
        """Move the running scales as the main learner has just moved its own."""
        self.scored.follow_scales()
        if self._scale is not None:
            self._scale.followed()

    def end_segment(self, task: int, *, main: AnyLearner, drifted: bool, events: int, time: float) -> None:
        """Consolidate and be evaluated where a segment ends; on a drift alarm, as the model from before it."""
        del main
        with self._generator.in_use(), self.scored.before_drift(drifted=drifted):
            self._consolidate(task)
            self.scored.evaluator.evaluate_at_boundary(task, events=events, time=time)

    def mark_boundary(
        self, task: int, *, main: AnyLearner, others: Iterable[int], events: int, time: float
    ) -> None:
        """Be evaluated at a boundary of interleaved tasks, where nothing is consolidated."""
        del main
        with self._generator.in_use():
            self.scored.evaluator.evaluate_at_boundary(task, events=events, time=time, others=others)

    def evaluate(self, task: int, *, number: int, events: int, time: float) -> None:
        """Be evaluated while ``task`` is being learned, if the evaluation with this number is one of ours.

        So is each in which there is no score of this task yet: averages over other tasks could not be compared.
        """
        if number % self._every_evaluations == 0 or self.scored.evaluator.lacks(task):
            with self._generator.in_use():
                self.scored.evaluator.evaluate(task, events=events, time=time)

    def merge_task(self, task: int, *, into: int, share: float) -> None:
        """Let what is kept and known of ``task`` be of ``into``."""
        self.scored.merge_task(task, into=into, share=share)

    def forget(self, gone: Gone, *, probes: NDArray[np.int64]) -> dict[str, int]:
        """Let rows of keys go: see ``ScoredLearner.forget``; ours has not seen the block yet."""
        if self._scale is not None:
            self._scale.part()
        return self.scored.forget(gone, probes=probes)

    def snapshot(self, names: Mapping[int, str]) -> LearnerSnapshot:
        """Return how the learner stands; ``names`` are those of all tasks, by code."""
        return self.scored.snapshot(names)

    def state_dict(self) -> dict[str, Any]:
        """Return everything learned and scored."""
        with self._generator.in_use():
            return {"scored": self.scored.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` or ``KeyError`` where it is of another configuration."""
        with self._generator.in_use():
            self.scored.load_state_dict(state["scored"])

    def _predict(self, block: ClosedBlock, *, known_classes: int, said: NDArray[Any] | None) -> None:
        batch = block.batch
        if said is None:
            answer = self._answer(batch, scaled=block.scaled, start=0, known_classes=known_classes)
        else:
            answer = Answer(torch.from_numpy(said))
        self.scored.score(answer, batch, no_change=block.no_change)

    def _answer(self, batch: Batch, *, scaled: Tensor, start: int, known_classes: int) -> Answer:
        rows = self._seen.place(self._scaled(batch.x, scaled), batch.task, start=start)
        answer = self.scored.predict(self._seen, rows, known_classes=known_classes)
        self._seen.clear()
        return answer

    def _scaled(self, x: Tensor, scaled: Tensor) -> Tensor:
        return self.scored.learner.absorb(x) if self._scale is None else self._scale.absorb(x, scaled=scaled)

    def _learn(self, block: ClosedBlock, *, events: int) -> None:
        self.scored.learn(block.fresh, events=events)

    def _consolidate(self, task: int) -> None:
        self.scored.consolidate(task)

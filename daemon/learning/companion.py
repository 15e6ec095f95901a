"""A learner beside the main one: it meets the same events, and is scored and examined as the main one is."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch

from daemon.learning.pre_drift_weights import Snapshots

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from daemon.learning.block import ClosedBlock
    from daemon.learning.torch_generator import OwnChance
    from daemon.learning.training import Tally, Training
    from daemon.scoring.evaluator import Examiner
    from daemon.scoring.prequential import Prequential
    from strategies.learner import Learner


class Companion:
    """Follows the main learner, block by block.

    A model changes only where a block is closed, so a companion predicts a whole block when the main learner has
    closed it, with the model that it was before, and then learns it: test, then train, like everyone. It takes part
    in every so many blocks, and in every so many of the examinations between boundaries; most others pass it by.
    """

    def __init__(
        self,
        learner: Learner,
        *,
        training: Training,
        chance: OwnChance,
        features: int,
        block_rows: int,
        every_blocks: int,
        every_examinations: int,
        examiner: Examiner,
        prequential: Prequential,
    ) -> None:
        self.learner = learner
        self.examiner = examiner
        self.prequential = prequential
        self._training = training
        self._chance = chance
        self._every_blocks = every_blocks
        self._every_examinations = every_examinations
        self._snapshots = Snapshots(learner.parameters)
        # As the main learner's block has it: a product may round differently for another shape.
        self._seen = torch.zeros(block_rows, features)
        self._task = torch.zeros(block_rows, dtype=torch.int64)

    @property
    def learning_rate(self) -> float | None:
        """The optimizer's learning rate in the step to come; None where it has none."""
        return self.learner.learning_rate

    @property
    def steps_left(self) -> int | None:
        """Steps that may be made until the next boundary; None where they are not limited."""
        return self._training.steps_left

    def follow(self, block: ClosedBlock, *, number: int, known_classes: int, events: int) -> None:
        """Predict the block with this number, score the predictions, and learn it, if this block is one of ours.

        ``known_classes`` is how many were known before the block, ``events`` how many there were with it.
        """
        for task in block.tasks:
            self.examiner.meet(task)
        if number % self._every_blocks == 0:
            with self._chance.drawn():
                self._meet(block, known_classes=known_classes)
                self._learn(block, events=events)

    def boundary(self, task: int, *, main: Learner, drifted: bool, events: int, time: float) -> None:
        """Consolidate and be examined where a segment ends; on a drift alarm, as the model from before it."""
        del main
        model = self.learner.at(self._snapshots.calm) if drifted else nullcontext()
        with self._chance.drawn(), model:
            self._consolidate(task)
            self.examiner.boundary(task, events=events, time=time)

    def now(self, task: int, *, number: int, events: int, time: float) -> None:
        """Be examined while ``task`` is being learned, if the examination with this number is one of ours.

        So is each in which there is no score of this task yet: averages over other tasks could not be compared.
        """
        if number % self._every_examinations == 0 or self.examiner.lacks(task):
            with self._chance.drawn():
                self.examiner.now(task, events=events, time=time)

    def take_tally(self) -> Tally:
        """Return what was done since the last call."""
        return self._training.take_tally()

    def state_dict(self) -> dict[str, Any]:
        """Return everything learned and scored, under the names that the main learner's state has for it."""
        with self._chance.drawn():
            learner = self.learner.state_dict()
        return {
            "learner": learner,
            "training": self._training.state_dict(),
            "examiner": self.examiner.state_dict(),
            "prequential": self.prequential.state_dict(),
            "snapshots": self._snapshots.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` or ``KeyError`` where it is of another configuration."""
        with self._chance.drawn():
            self.learner.load_state_dict(state["learner"])
        self._training.load_state_dict(state["training"])
        self.examiner.load_state_dict(state["examiner"])
        self.prequential.load_state_dict(state["prequential"])
        self._snapshots.load_state_dict(state["snapshots"])

    def _meet(self, block: ClosedBlock, *, known_classes: int) -> None:
        batch, rows = block.batch, len(block.batch)
        self._seen[:rows], self._seen[rows:] = self._scaled(batch.x), 0
        self._task[:rows], self._task[rows:] = batch.task, 0
        outputs = self.learner.predict_scaled(self._seen, self._task)[:rows]
        answer = self.learner.objective.answer(outputs, known=max(known_classes, 1))
        self.prequential.update(
            answer.value.numpy(), label=batch.y.numpy(), task=batch.task.numpy(), no_change=block.no_change
        )
        self._training.tally.predicted += rows

    def _scaled(self, x: Tensor) -> Tensor:
        return self.learner.absorb(x)

    def _learn(self, block: ClosedBlock, *, events: int) -> None:
        self._training.learn(block.fresh)
        self._snapshots.observe(self.learner.parameters, events=events)

    def _consolidate(self, task: int) -> None:
        self.learner.consolidate(task)
        self._training.boundary()

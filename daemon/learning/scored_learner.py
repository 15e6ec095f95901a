"""A learner and all that is known of how good it is."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daemon.learning.pre_drift_weights import PreDriftWeights
from daemon.learning.snapshot import LearnerSnapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from daemon.learning.padded_rows import PaddedRows
    from daemon.learning.step_budget import StepBudget
    from daemon.scoring.evaluator import Evaluator
    from daemon.scoring.prequential import Prequential
    from strategies.any_learner import AnyLearner
    from strategies.batch import Batch
    from strategies.objective import Answer
    from strategies.recast import Recast
    from strategies.row_holder import Gone


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


class ScoredLearner:
    """Learns blocks in as many steps as its budget allows; scored on arrival and on the probe sets.

    The main learner and every companion have one. Its state is a part of theirs, under one name and of one form,
    so that two of them can change places.
    """

    def __init__(
        self, learner: AnyLearner, *, budget: StepBudget, evaluator: Evaluator, prequential: Prequential
    ) -> None:
        self.learner = learner
        self.evaluator = evaluator
        self.prequential = prequential
        self.tally = Tally()
        self._budget = budget
        self._pre_drift = PreDriftWeights(learner.parameters)

    @property
    def learning_rate(self) -> float | None:
        """The optimizer's learning rate in the step to come; None where it has none."""
        return self.learner.learning_rate

    @property
    def steps_left(self) -> int | None:
        """Steps that may be made until the next boundary; None where they are not limited."""
        return self._budget.left

    def predict(self, seen: PaddedRows, rows: slice, *, known_classes: int) -> Answer:
        """Return what is said of some of the padded rows. A class that is not known yet cannot be predicted.

        While none is known, there is no answer.
        """
        outputs = self.learner.predict_scaled(seen.x, seen.task)[rows]
        return self.learner.objective.answer(outputs, known=known_classes)

    def score(self, answer: Answer, batch: Batch, *, no_change: NDArray[Any]) -> None:
        """Score what was said of a batch before it was learned; ``no_change`` is what that baseline said."""
        self.tally.predicted += len(batch)
        self.prequential.update(
            answer.value.numpy(),
            label=batch.y.numpy(),
            task=batch.task.numpy(),
            key=batch.key.numpy(),
            no_change=no_change,
        )

    def learn(self, fresh: Batch, *, events: int) -> None:
        """Learn the rows of a block that are not held out; ``events`` is how many there were with it."""
        if len(fresh):
            self._learn(fresh, events=events)
        if self._pre_drift.observe(self.learner.parameters, events=events):
            self.learner.mark()

    def follow_scales(self) -> Recast | None:
        """Move the running scales, if it is time, and all remembered parameters with them; return how."""
        recast = self.learner.follow_scales()
        if recast is not None:
            self._pre_drift.recast(recast)
        return recast

    @contextmanager
    def before_drift(self, *, drifted: bool) -> Iterator[None]:
        """Within the context, be the model from before a drift alarm, where there was one: see PreDriftWeights.

        What the strategies have gathered since then is left out of the consolidation in it.
        """
        if not drifted:
            yield
            return
        self.learner.rewind()
        with self.learner.at(self._pre_drift.weights):
            yield

    def consolidate(self, task: int) -> None:
        """Keep from now on what was learned of ``task``; a new budget of steps begins."""
        self.learner.consolidate(task)
        self._budget.boundary()

    def merge_task(self, task: int, *, into: int, share: float) -> None:
        """Let what is kept and known of ``task`` be of ``into``; see ``Evaluator.merge_task`` for the share."""
        self.learner.merge_task(task, into=into)
        self._budget.merge_task(task, into=into)
        self.evaluator.merge_task(task, into=into, share=share)
        self.prequential.merge_task(task, into=into)

    def forget(self, gone: Gone, *, probes: NDArray[np.int64]) -> dict[str, int]:
        """Let rows go; return how many, by what they were kept for. ``probes`` numbers all probe rows left."""
        self.evaluator.matrix.keep_rows(probes)
        return {
            "strategies": self.learner.forget(gone),
            "steps to come": self._budget.forget(gone),
            "newest scores": self.prequential.forget(gone),
        }

    def expire(self, gone: Gone, *, probes: NDArray[np.int64]) -> int:
        """Let rows go that strategies remember and that are too old; return how many: see ``forget``."""
        self.evaluator.matrix.keep_rows(probes)
        return self.learner.forget(gone)

    def take_tally(self) -> Tally:
        """Return what was done since the last call."""
        tally, self.tally = self.tally, Tally()
        return tally

    def snapshot(self, names: Mapping[int, str]) -> LearnerSnapshot:
        """Return how the learner stands; ``names`` are those of all tasks, by code."""
        return LearnerSnapshot.of(
            self.learner,
            evaluator=self.evaluator,
            prequential=self.prequential,
            steps_left=self.steps_left,
            learning_rate=self.learning_rate,
            names=names,
        )

    def state_dict(self) -> dict[str, Any]:
        """Return everything learned and scored; a tally is of this process alone."""
        return {
            "learner": self.learner.state_dict(),
            "step_budget": self._budget.state_dict(),
            "evaluator": self.evaluator.state_dict(),
            "prequential": self.prequential.state_dict(),
            "pre_drift_weights": self._pre_drift.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` or ``KeyError`` where it is of another configuration."""
        self.learner.load_state_dict(state["learner"])
        self._budget.load_state_dict(state["step_budget"])
        self.evaluator.load_state_dict(state["evaluator"])
        self.prequential.load_state_dict(state["prequential"])
        self._pre_drift.load_state_dict(state["pre_drift_weights"])

    def _learn(self, fresh: Batch, *, events: int) -> None:
        due = self._budget.take(fresh, events=events - len(fresh))
        self.tally.steps_saved += due.saved
        if not due.steps:
            return
        self.learner.objective.absorb(due.rows.y)
        accepted = False
        for _ in range(due.steps):
            accepted = self._step(due.rows, again=accepted) or accepted
        self.tally.learned += len(due.rows) if accepted else 0

    def _step(self, rows: Batch, *, again: bool) -> bool:
        step = self.learner.learn(rows, again=again)
        if step.accepted:
            self.tally.steps += 1
            self.tally.loss = step.loss
        else:
            self.tally.steps_rejected += 1
        return step.accepted

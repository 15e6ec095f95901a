"""Predicts every event on arrival, is scored, and learns; a function of the events in their order alone."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.learning.block import Block
from daemon.learning.pre_drift_weights import Snapshots
from daemon.learning.stopwatch import Stopwatch
from daemon.learning.training import Tally, Training

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from daemon.intake.arrivals import Arrivals
    from daemon.learning.block import ClosedBlock
    from daemon.learning.companions import Companions
    from daemon.learning.step_budget import Updates
    from daemon.scoring.evaluator import Examiner
    from daemon.scoring.no_change import NoChange
    from daemon.scoring.prequential import Prequential
    from daemon.scoring.probe_sets import ProbeSets
    from daemon.tasks.contract import Segment, Tasks
    from strategies.batch import Batch
    from strategies.learner import Learner
    from strategies.objective import Answer


@dataclass(frozen=True, slots=True)
class Met:
    """What the model said of some arrivals."""

    answer: Answer
    step: int
    """Optimizer steps that the model had made when it said so."""


class Student:
    """One learner on one stream.

    Arrivals gather in a block of ``block_rows``. Each is predicted when it comes, by the model as it was after the
    last full block; its score is that of this prediction (prequential: test, then train). When the block is full,
    the rows that are not held out are learned, in as many steps as ``updates`` allows.
    """

    def __init__(
        self,
        learner: Learner,
        *,
        features: int,
        block_rows: int,
        updates: Updates,
        known_classes: int,
        probes: ProbeSets,
        examiner: Examiner,
        examine_every_events: int,
        prequential: Prequential,
        no_change: NoChange,
        companions: Companions,
        tasks: Tasks,
        stopwatch: Stopwatch | None = None,
    ) -> None:
        self.learner = learner
        self.examiner = examiner
        self.prequential = prequential
        self.companions = companions
        self.events = 0
        self.alarms = 0
        self.drifted = False
        """Whether an alarm was given and the boundary that it means is still to be dealt with."""
        self.new_segment: Segment | None = None
        """The segment that an alarm has begun, to be given to the rows that were assigned before it."""
        self._block = Block(block_rows, features=features)
        self._training = Training(learner, updates=updates)
        self._probes = probes
        self._known_classes = known_classes
        self._examine_every_events = examine_every_events
        self._no_change = no_change
        self._tasks = tasks
        self._snapshots = Snapshots(learner.parameters)
        self._stopwatch = stopwatch or Stopwatch()
        self._task = 0
        self._time = float("nan")

    @property
    def room(self) -> int:
        """How many arrivals may come at once: those until the block is full."""
        return self._block.room

    @property
    def waiting(self) -> int:
        """Arrivals that are predicted and scored but not yet learned."""
        return self._block.filled

    def meet(self, arrivals: Arrivals) -> Met:
        """Predict at most ``room`` arrivals of one segment, score them, and learn if that fills the block."""
        with self._stopwatch("predict"):
            met = Met(self._predict(arrivals.batch), step=self.learner.steps)
        with self._stopwatch("score"):
            errors, no_change = self._score(arrivals.batch, met.answer.value.numpy())
        self._block.keep(arrivals, errors=errors, no_change=no_change)
        self.events += len(arrivals)
        self._training.tally.predicted += len(arrivals)
        if not self._block.room:
            self.close_block()
        return met

    def close_block(self) -> None:
        """Learn what waits, full or not."""
        if not self._block.filled:
            return
        block = self._block.take()
        self._task = int(block.batch.task[-1])
        self._time = _latest(block.batch, self._time)
        known = self._known_classes
        with self._stopwatch("learn"):
            self._learn(block)
        with self._stopwatch("companions"):
            self.companions.follow(block, known_classes=known, events=self.events)
        segment = self._tasks.observe(block.errors)
        if segment is not None:
            self.alarms += 1
            self.drifted, self.new_segment = True, segment
        before = (self.events - len(block.batch)) // self._examine_every_events
        number = self.events // self._examine_every_events
        if number > before:
            self._examine(number)

    def end_segment(self, task: int) -> None:
        """Learn what waits, then consolidate and examine: a boundary lies here.

        Where a drift alarm means the boundary, that is done for the model from before the alarm: by now its weights
        have begun to move.
        """
        self.close_block()
        events, time = self.events, self._time
        with self.learner.at(self._snapshots.calm) if self.drifted else nullcontext():
            with self._stopwatch("companions"):
                self.companions.boundary(task, main=self.learner, drifted=self.drifted, events=events, time=time)
            with self._stopwatch("learn"):
                self.learner.consolidate(task)
                self._training.boundary()
            with self._stopwatch("retention"):
                self.examiner.boundary(task, events=events, time=time)

    def finish(self) -> None:
        """Learn what waits and examine the model: no event will come any more."""
        self.close_block()
        if self.events:
            self._examine(0)

    @property
    def learning_rate(self) -> float | None:
        """The optimizer's learning rate in the step to come; None where it has none."""
        return self.learner.learning_rate

    @property
    def steps_left(self) -> int | None:
        """Steps that may be made until the next boundary; None where they are not limited."""
        return self._training.steps_left

    def take_tally(self) -> Tally:
        """Return what was done since the last call."""
        return self._training.take_tally()

    def state_dict(self) -> dict[str, Any]:
        """Return everything learned, gathered and counted."""
        return {
            "learner": self.learner.state_dict(),
            "probes": self._probes.state_dict(),
            "examiner": self.examiner.state_dict(),
            "prequential": self.prequential.state_dict(),
            "no_change": self._no_change.state_dict(),
            "block": self._block.state_dict(),
            "snapshots": self._snapshots.state_dict(),
            "training": self._training.state_dict(),
            "companions": self.companions.state_dict(),
            "events": self.events,
            "alarms": self.alarms,
            "drifted": self.drifted,
            "known_classes": self._known_classes,
            "task": self._task,
            "time": self._time,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of another configuration."""
        self.learner.load_state_dict(state["learner"])
        self._probes.load_state_dict(state["probes"])
        self.examiner.load_state_dict(state["examiner"])
        self.prequential.load_state_dict(state["prequential"])
        self._no_change.load_state_dict(state["no_change"])
        self._block.load_state_dict(state["block"])
        self._snapshots.load_state_dict(state["snapshots"])
        self._training.load_state_dict(state["training"])
        self.companions.load_state_dict(state["companions"])
        self.events = state["events"]
        self.alarms = state["alarms"]
        self.drifted = state["drifted"]
        self._known_classes = state["known_classes"]
        self._task = state["task"]
        self._time = state["time"]

    def _predict(self, batch: Batch) -> Answer:
        seen, task, where = self._block.place(self.learner.absorb(batch.x), batch.task)
        outputs = self.learner.predict_scaled(seen, task)[where]
        # A class that was not seen before this block can't be predicted in it.
        return self.learner.objective.answer(outputs, known=max(self._known_classes, 1))

    def _score(self, batch: Batch, prediction: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """Score predictions; return the error ``(rows,)`` of each, and what the reference has said."""
        label = batch.y.numpy()
        reference = self._no_change.follow(label, key=batch.provenance[:, 0].numpy())
        self.prequential.update(prediction, label=label, task=batch.task.numpy(), no_change=reference)
        if self.learner.objective.classification:
            return np.asarray(prediction != label, dtype=np.float64), reference
        return np.abs(np.asarray(prediction - label, dtype=np.float64)), reference

    def _learn(self, block: ClosedBlock) -> None:
        if self.learner.objective.classification:
            self._known_classes = max(self._known_classes, int(block.batch.y.max()) + 1)
        for task in block.tasks:
            self.examiner.meet(task)
        self._hold_out(block.held_out)
        self._training.learn(block.fresh)
        self._snapshots.observe(self.learner.parameters, events=self.events)

    def _examine(self, number: int) -> None:
        with self._stopwatch("retention"):
            self.examiner.now(self._task, events=self.events, time=self._time)
        with self._stopwatch("companions"):
            self.companions.now(self._task, number=number, events=self.events, time=self._time)

    def _hold_out(self, rows: Batch) -> None:
        if len(rows):
            self._training.tally.held_out += len(rows)
            self._probes.add(rows.x.numpy(), y=rows.y.numpy(), task=rows.task.numpy())


def _latest(batch: Batch, before: float) -> float:
    """Return the event time in seconds of the last row that has one, NaN where none ever had."""
    time_ms = int(batch.provenance[-1, 3])
    return time_ms / 1000 if time_ms >= 0 else before

"""Predicts every event on arrival, is scored, and learns; a function of the events in their order alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import structlog
import torch

from daemon.learning import young
from daemon.learning.block import Block
from daemon.learning.row_predictor import RowPredictor
from daemon.learning.snapshot import COMMITTEE, MAIN, NO_CHANGE, CommitteeSnapshot, Leads, LearnerSnapshot
from daemon.learning.stopwatch import Stopwatch
from daemon.scoring.age_scores import age_scores
from daemon.scoring.class_scores import ClassScores
from strategies.closed_form import ClosedFormLearner
from strategies.row_holder import Gone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from daemon.intake.arrivals import Arrivals
    from daemon.learning.block import ClosedBlock
    from daemon.learning.budget_guard import BudgetGuard
    from daemon.learning.committee.scored_committee import ScoredCommittee
    from daemon.learning.companions import Companions
    from daemon.learning.interleaving import Interleaving
    from daemon.learning.scored_learner import ScoredLearner, Tally
    from daemon.scoring.age_scores import AgeScore
    from daemon.scoring.aged_probes import AgedProbes
    from daemon.scoring.lead import Lead
    from daemon.scoring.no_change import NoChange
    from daemon.scoring.prequential import Prequential
    from daemon.scoring.probe_sets import ProbeSets
    from daemon.tasks.assigned import Segment
    from daemon.tasks.contract import Tasks
    from strategies.batch import Batch
    from strategies.objective import Answer
    from strategies.served import Predictor


log = structlog.get_logger("retaind")

_ANOTHER_UNIT = "a feature comes in another unit, and is read in the old one"
_NOISE = "a feature is noise, and is read by mean and deviation as it was until it is itself again"

_HARDLY_ANY = 2
"""So many classes that a probability says something, and each row of a block need not be looked at."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What had been said of rows whose labels have come; ``(labels,)`` each."""

    said: NDArray[Any]
    """Class indices or numbers, as in ``Met.answer``."""
    key: NDArray[np.int64]
    """Hashes of the rows' keys."""


@dataclass(frozen=True, slots=True)
class Met:
    """What came of some arrivals."""

    answer: Answer
    """What is said of them: by the committee, or by the main learner where there is none."""
    step: int
    """Optimizer steps that the model had made when it said so."""
    known: NDArray[np.int64]
    """``(rows,)``: the classes that were known to whoever said so; 0 in regression."""
    labels: NDArray[np.int64]
    """``(rows,)``: the labels that they had seen."""
    judged: Judged | None = None
    """What had been said of the rows whose labels have come, where these come later."""


class MainLearner:
    """The learner whose predictions are published.

    Arrivals gather in a block of ``block_rows``, or of fewer while the stream is young where it ``grows``. Each is
    predicted when it comes, by the model as it was after the last full block; its score is that of this prediction
    (prequential: test, then train). When the block is full, the rows that are not held out are learned.
    """

    def __init__(
        self,
        scored: ScoredLearner,
        *,
        feature_names: Sequence[str],
        block_rows: int,
        grows: bool,
        known_classes: int,
        probes: ProbeSets,
        aged: AgedProbes,
        interleaving: Interleaving,
        evaluate_every_events: int,
        max_age_seconds: float | None = None,
        no_change: NoChange,
        companions: Companions,
        tasks: Tasks,
        make_committee: Callable[[], ScoredCommittee] | None = None,
        guard: BudgetGuard | None = None,
        stopwatch: Stopwatch | None = None,
    ) -> None:
        self.scored = scored
        self.companions = companions
        self.guard = guard
        """What holds the learner to its retention budget; None where there is none."""
        self._feature_names = tuple(feature_names)
        self.events = 0
        self.alarms = 0
        self._block = Block(block_rows, features=len(feature_names))
        self._most_rows = block_rows
        self._grows = grows
        self._make_committee = make_committee
        self._committee = None if make_committee is None else make_committee()
        self._probes = probes
        self._aged = aged
        self._interleaving = interleaving
        self.ages: tuple[AgeScore, ...] = ()
        """Scores on what came long ago, as of this process' latest evaluation between boundaries."""
        objective = scored.learner.objective
        self.by_class = ClassScores(objective.outputs if objective.classification else 0)
        """How good what is published is, class by class."""
        self._known_classes = known_classes
        self._evaluate_every_events = evaluate_every_events
        self._max_age_seconds = max_age_seconds
        self._no_change = no_change
        self._tasks = tasks
        self._stopwatch = stopwatch or Stopwatch()
        self._task = 0
        self._time = float("nan")

    @property
    def room(self) -> int:
        """How many arrivals may come at once: those until the block is full."""
        return max(1, self.block_rows - self._block.filled)

    @property
    def block_rows(self) -> int:
        """How many rows the open block is to have."""
        if not self._grows:
            return self._most_rows
        return young.block_rows(self.events - self._block.filled, batch=self._most_rows)

    @property
    def waiting(self) -> int:
        """Arrivals that are predicted and scored but not yet learned."""
        return self._block.filled

    @property
    def answers(self) -> Prequential:
        """How good what is published was: the committee's answers, or this learner's where there is none."""
        return self.scored.prequential if self._committee is None else self._committee.prequential

    def meet(self, arrivals: Arrivals) -> Met:
        """Predict at most ``room`` arrivals of one segment, and score them; ``close_full`` is to follow."""
        step = self.scored.learner.steps
        known, labels = self._experience(arrivals.batch)
        with self._stopwatch("predict"):
            answer = self._predict(arrivals.batch)
        with self._stopwatch("score"):
            errors, no_change = self._score(arrivals.batch, answer)
        if self._committee is not None:
            with self._stopwatch("committee"):
                answer = self._consult(self._committee, arrivals.batch, answer)
                self._committee.score(answer, arrivals.batch, no_change=no_change)
        self.by_class.update(answer.value.numpy(), label=arrivals.batch.y.numpy())
        self._block.keep(arrivals, errors=errors, no_change=no_change)
        self.events += len(arrivals)
        return Met(answer, step=step, known=known, labels=labels)

    def close_full(self) -> Segment | None:
        """Learn if the block is full; return the segment that begins where a drift alarm was given."""
        return self.close_block() if self._block.filled >= self.block_rows else None

    def close_block(self) -> Segment | None:
        """Learn what waits, full or not; return the segment that begins where a drift alarm was given."""
        if not self._block.filled:
            return None
        block = self._block.take()
        self._task = int(block.batch.task[-1])
        self._time = self._time if block.batch.last_time_seconds is None else block.batch.last_time_seconds
        known = self._known_classes
        with self._stopwatch("learn"):
            self._learn(block)
        if self._committee is not None:
            with self._stopwatch("committee"):
                self._teach(self._committee, block)
        with self._stopwatch("companions"):
            self._show_companions(block, known_classes=known)
        with self._stopwatch("learn"):
            self._follow_scales()
        new_segment = self._tasks.observe(block.errors)
        if new_segment is not None:
            self.alarms += 1
        before = (self.events - len(block.batch)) // self._evaluate_every_events
        number = self.events // self._evaluate_every_events
        self._interleaving.learned(block.tasks)
        if number > before:
            self._expire()
        if self._interleaving.is_due(self.events):
            self._mark_boundary()
        elif number > before:
            self._evaluate(number)
        else:
            return new_segment
        self._watch_budget()
        return new_segment

    def end_segment(self, task: int, *, drifted: bool) -> None:
        """Consolidate and evaluate: a boundary lies here, and nothing waits.

        Where a drift alarm means the boundary, that is done for the model from before the alarm: by now its weights
        have begun to move.
        """
        assert not self.waiting, "what waits belongs to the segment"
        self._interleaving.boundary(self.events)
        events, time, scored = self.events, self._time, self.scored
        with scored.before_drift(drifted=drifted):
            with self._stopwatch("companions"):
                self.companions.end_segment(task, main=scored.learner, drifted=drifted, events=events, time=time)
            with self._stopwatch("learn"):
                scored.consolidate(task)
            with self._stopwatch("retention"):
                scored.evaluator.evaluate_at_boundary(task, events=events, time=time)
        if self._committee is not None:
            with self._stopwatch("retention"):
                known, main = self._known_classes, scored.learner
                self._committee.evaluate_at_boundary(task, main=main, known_classes=known, events=events, time=time)
        if not drifted:  # it was another model that was evaluated then
            self._watch_budget()

    def _watch_budget(self) -> None:
        if self.guard is not None:
            self.guard.evaluated(events=self.events)

    def has_waiting(self, task: int) -> bool:
        """Tell whether a row of ``task`` waits."""
        waiting = self._block.waiting
        return waiting is not None and bool((waiting.task == task).any())

    def merge_task(self, task: int, *, into: int) -> None:
        """Let what is kept and known of ``task`` be of ``into``: it has made room, and its number is another's."""
        assert not self.has_waiting(task), "what waits is to be learned before"
        share = self._probes.merge(task, into=into)
        self._aged.merge_task(task, into=into)
        self._interleaving.merge_task(task, into=into)
        self.scored.merge_task(task, into=into, share=share)
        self.companions.merge_task(task, into=into, share=share)
        if self.guard is not None:
            self.guard.merge_task(task, into=into)
        if self._committee is not None:
            self._committee.merge_task(task, into=into, share=share)
        self._task = into if self._task == task else self._task

    def forget(self, gone: Gone) -> Counter[str]:
        """Let rows of keys go; return how many, by what they were kept for: see ``RowHolder``."""
        counts = Counter(
            {
                "probe sets": self._probes.forget(gone) + self._aged.forget(gone),
                "open block": self._block.forget(gone),
                "last labels": self._no_change.forget(gone),
            }
        )
        probes = self._probes.numbers()
        counts += Counter(self.scored.forget(gone, probes=probes))
        counts += self.companions.forget(gone, probes=probes)
        if self._committee is not None and self._make_committee is not None:
            # One that has no block open, whose rows it answers again, as after a restart.
            state, self._committee = self._committee.state_dict(), self._make_committee()
            self._committee.load_state_dict(state)
            counts += Counter(self._committee.forget(gone, probes=probes))
            self._answer_again(self._committee)
        return counts

    def unlearn(self, arrivals: Arrivals) -> int:
        """Take rows out of a closed form, those that were learned; return how many: see ``ClosedFormLearner``."""
        learner = self.scored.learner
        assert isinstance(learner, ClosedFormLearner), "no other can"
        learned = ~(arrivals.held_out | self._block.has(arrivals.batch))
        learner.unlearn(arrivals.batch.take(np.flatnonzero(learned)))
        return int(learned.sum())

    def _expire(self) -> None:
        """Let rows go that are too old to be remembered, before an evaluation: a function of the events alone."""
        if self._max_age_seconds is None or not np.isfinite(self._time):
            return
        gone = Gone(before_ms=int((self._time - self._max_age_seconds) * 1000))
        self._probes.forget(gone)
        self._aged.forget(gone)
        probes = self._probes.numbers()
        for scored in (self.scored, *(companion.scored for _, companion in self.companions)):
            scored.expire(gone, probes=probes)

    def say(self, x: NDArray[np.float32], *, task: int) -> dict[str, NDArray[Any]]:
        """Return what this learner says, and the committee, of rows ``(rows, features)`` that are no events.

        That is one answer a row, by ``MAIN`` and, where there is one, ``COMMITTEE``; nothing is changed.
        """
        learner, known = self.scored.learner, self._known_classes
        outputs = learner.predict_scaled(learner.scale(torch.from_numpy(x)), torch.full((len(x),), task))
        said = {MAIN: learner.objective.answer(outputs, known=known).value.numpy()}
        if self._committee is None:
            return said
        return said | {COMMITTEE: self._committee.say(x, task, main=learner, known_classes=known)}

    def probe_rows(self) -> NDArray[np.float32]:
        """Return the rows of all probe sets ``(rows, features)``, as they are learned."""
        tasks = range(self._tasks.names.size)
        held = [self._probes.rows_of(task)[0] for task in tasks if self._probes.count(task)]
        return np.concatenate(held) if held else np.zeros((0, len(self._feature_names)), dtype=np.float32)

    def row_predictor(self) -> RowPredictor:
        """Return what answers rows that are no events; a live view, until the next event comes."""
        return self._row_predictor(self.scored.learner)

    def served_copy(self) -> RowPredictor:
        """Return the same as it is now, for good."""
        return self._row_predictor(self.scored.learner.served_copy()).copied()

    def _row_predictor(self, model: Predictor) -> RowPredictor:
        alone, committee = self._committee is None, self._committee
        return RowPredictor(
            model,
            committee=None if committee is None else committee.committee,
            known_classes=self._known_classes,
            sayable_classes=self._known_classes if alone else self._newest_known,
            labels=self.events - self._block.filled if alone else self.events,
        )

    def evaluate_last(self) -> None:
        """Evaluate the model when no event will come any more."""
        if self.events:
            self._evaluate(0)

    def take_tallies(self) -> dict[str, Tally]:
        """Return what this learner and its companions did since the last call, by name."""
        others = {name: companion.scored.take_tally() for name, companion in self.companions}
        return {MAIN: self.scored.take_tally(), **others}

    def committee_snapshot(self, names: Mapping[int, str]) -> CommitteeSnapshot | None:
        """Return how the committee stands, with the names of all tasks; None where there is none."""
        return None if self._committee is None else self._committee.snapshot(names)

    def leads(self) -> Leads:
        """Return how far this learner, and what is published, is ahead of the others."""
        mine, committee = self.scored.prequential, self._committee
        if committee is None:
            leads = self._leads_of(mine)
            return Leads(of_main=leads, of_answers=leads)
        over_committee = mine.lead_over(committee.prequential)
        beside = {} if over_committee is None else {COMMITTEE: over_committee}
        return Leads(of_main=self._leads_of(mine) | beside, of_answers=self._leads_of(committee.prequential))

    def snapshots(self, names: Mapping[int, str]) -> dict[str, LearnerSnapshot]:
        """Return how this learner and its companions stand, by name; ``names`` are those of all tasks."""
        others = {name: companion.snapshot(names) for name, companion in self.companions}
        return {MAIN: self.scored.snapshot(names), **others}

    def state_dict(self) -> dict[str, Any]:
        """Return everything learned, gathered and counted."""
        return {
            "scored": self.scored.state_dict(),
            "budget": {} if self.guard is None else self.guard.state_dict(),
            "probes": self._probes.state_dict(),
            "aged": self._aged.state_dict(),
            "interleaving": self._interleaving.state_dict(),
            "no_change": self._no_change.state_dict(),
            "by_class": self.by_class.state_dict(),
            "block": self._block.state_dict(),
            "companions": self.companions.state_dict(),
            "committee": {} if self._committee is None else self._committee.state_dict(),
            "events": self.events,
            "alarms": self.alarms,
            "known_classes": self._known_classes,
            "task": self._task,
            "time": self._time,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of another configuration."""
        self._probes.load_state_dict(state["probes"])
        self._aged.load_state_dict(state["aged"])
        self._interleaving.load_state_dict(state["interleaving"])
        self.scored.load_state_dict(state["scored"])
        self._tell_of_left_out(state["scored"]["learner"])
        self._no_change.load_state_dict(state["no_change"])
        self.by_class.load_state_dict(state["by_class"])
        self._block.load_state_dict(state["block"])
        self.companions.load_state_dict(state["companions"])
        self.events = state["events"]
        self.alarms = state["alarms"]
        self._known_classes = state["known_classes"]
        self._task = state["task"]
        self._time = state["time"]
        if self.guard is not None:
            self.guard.load_state_dict(state["budget"])
        self._take_up_committee(state["committee"])

    def _tell_of_left_out(self, saved: Mapping[str, Any]) -> None:
        """Warn where a checkpoint has more methods than are configured: those of a default before this one."""
        configured = {name for name, _ in self.scored.learner.strategies}
        left_out = sorted(saved.get("strategies", {}).keys() - configured)
        if left_out:
            log.warning(
                "what strategies of the checkpoint have kept is left out: they are not configured any more",
                strategies=left_out,
                remedy="list them under strategies to keep them",
                events=self.events,
            )

    def _leads_of(self, answers: Prequential) -> dict[str, Lead]:
        """Return how far these answers are ahead of whoever can be compared; companions know no row that waits."""
        leads = {
            name: answers.lead_over(companion.scored.prequential, waiting=self.waiting)
            for name, companion in self.companions
            if companion.takes_part_in_all
        }
        return {name: lead for name, lead in ({NO_CHANGE: answers.lead_over_no_change()} | leads).items() if lead}

    def _take_up_committee(self, state: Mapping[str, Any]) -> None:
        """Take up the committee's state; where it has none, or another one, it begins untrained."""
        if self._make_committee is None:
            return
        self._committee, reason = self._make_committee(), "the checkpoint has none"
        if state:
            try:
                self._committee.load_state_dict(state)
            except (KeyError, ValueError) as error:
                self._committee, reason = self._make_committee(), f"the checkpoint's is another: {error}"
            else:
                reason = ""
        if reason:
            log.warning("committee begins untrained", reason=reason)
        self._answer_again(self._committee)

    def _answer_again(self, committee: ScoredCommittee) -> None:
        """Let the committee answer what waits in the block, which is no part of its state."""
        waiting = self._block.waiting
        if waiting is not None:
            main = self.scored.predict(self._block.seen, slice(0, len(waiting)), known_classes=self._known_classes)
            committee.answer(waiting, self._block.seen.x[: len(waiting)], main, known_classes=self._known_classes)

    def _consult(self, committee: ScoredCommittee, batch: Batch, main: Answer) -> Answer:
        """Return the committee's answer on the rows that were placed last."""
        rows = slice(self._block.filled - len(batch), self._block.filled)
        return committee.answer(batch, self._block.seen.x[rows], main, known_classes=self._known_classes)

    def _teach(self, committee: ScoredCommittee, block: ClosedBlock) -> None:
        committee.learn(
            fresh=block.fresh_rows,
            rows=len(block.batch),
            main=self.scored.learner,
            known_classes=self._known_classes,
        )

    def _show_companions(self, block: ClosedBlock, *, known_classes: int) -> None:
        self.companions.follow(block, known_classes=known_classes, events=self.events)

    def _experience(self, batch: Batch) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return how many classes are known, and how many labels, to whoever answers the rows that come next.

        The main learner learns when a block is closed, the committee knows the labels of the rows before.
        """
        rows = len(batch)
        if self._committee is None:
            return np.full(rows, self._known_classes), np.full(rows, self.events - self._block.filled)
        known = np.full(rows, self._known_classes)
        if self._known_classes < _HARDLY_ANY and self.scored.learner.objective.classification:
            known = np.maximum.accumulate(np.append(self._newest_known, batch.y.numpy()[:-1] + 1))
        return known, self.events + np.arange(rows)

    @property
    def _newest_known(self) -> int:
        """How many classes are known, with those of the open block."""
        waiting = self._block.waiting
        if waiting is None or not self.scored.learner.objective.classification:
            return self._known_classes
        return max(self._known_classes, int(waiting.y.max()) + 1)

    def _predict(self, batch: Batch) -> Answer:
        rows = self._block.seen.place(self.scored.learner.absorb(batch.x), batch.task)
        # A class that was not seen before this block can't be predicted in it.
        return self.scored.predict(self._block.seen, rows, known_classes=self._known_classes)

    def _score(self, batch: Batch, answer: Answer) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """Score predictions; return the error ``(rows,)`` of each, and what the no-change baseline has said."""
        label, prediction = batch.y.numpy(), answer.value.numpy()
        reference = self._no_change.follow(label, key=batch.key.numpy())
        self.scored.score(answer, batch, no_change=reference)
        return self._errors(prediction, label), reference

    def _errors(self, prediction: NDArray[Any], label: NDArray[Any]) -> NDArray[np.float64]:
        if self.scored.learner.objective.classification:
            return np.asarray(prediction != label, dtype=np.float64)
        return np.abs(np.asarray(prediction - label, dtype=np.float64))

    def _learn(self, block: ClosedBlock) -> None:
        if self.scored.learner.objective.classification:
            self._known_classes = max(self._known_classes, int(block.batch.y.max()) + 1)
        for task in block.tasks:
            self.scored.evaluator.meet(task)
        self._hold_out(block.held_out, errors=block.errors[block.held_out_rows])
        if self.guard is None or not self.guard.frozen:
            self.scored.learn(block.fresh, events=self.events)

    def _follow_scales(self) -> None:
        """Let the scales follow the stream; tell what has happened to a column."""
        recast = self.scored.follow_scales()
        self.companions.follow_scales()
        if recast is not None and self.guard is not None:
            self.guard.recast(recast)
        if recast is None or recast.inputs is None:
            return
        for told, units in ((_ANOTHER_UNIT, recast.inputs.units), (_NOISE, recast.inputs.estimated)):
            for column, unit in units:
                log.warning(
                    told,
                    feature=self._feature_names[column],
                    factor=unit.factor,
                    offset=unit.offset,
                    events=self.events,
                )
        for column in recast.inputs.begun_anew:
            log.warning(
                "a feature has left its range for good: its scale begins anew",
                feature=self._feature_names[column],
                events=self.events,
            )

    def _mark_boundary(self) -> None:
        """Evaluate at a boundary of interleaved tasks, where nothing is consolidated."""
        task, others, main = self._task, self._interleaving.tasks, self.scored.learner
        events, time = self.events, self._time
        with self._stopwatch("retention"):
            self.scored.evaluator.evaluate_at_boundary(task, events=events, time=time, others=others)
            self.ages = age_scores(self._aged, main)
            if self._committee is not None:
                known = self._known_classes
                self._committee.evaluate_at_boundary(
                    task, main=main, known_classes=known, events=events, time=time, others=others
                )
        with self._stopwatch("companions"):
            self.companions.mark_boundary(task, main=main, others=others, events=events, time=time)
        self._interleaving.boundary(events)

    def _evaluate(self, number: int) -> None:
        with self._stopwatch("retention"):
            self.scored.evaluator.evaluate(self._task, events=self.events, time=self._time)
            self.ages = age_scores(self._aged, self.scored.learner)
            if self._committee is not None:
                known, main = self._known_classes, self.scored.learner
                self._committee.evaluate(
                    self._task, main=main, known_classes=known, events=self.events, time=self._time
                )
        with self._stopwatch("companions"):
            self.companions.evaluate(self._task, number=number, events=self.events, time=self._time)

    def _hold_out(self, rows: Batch, *, errors: NDArray[np.float64]) -> None:
        if len(rows):
            self.scored.tally.held_out += len(rows)
            whose = np.stack([rows.key.numpy(), rows.time_ms.numpy()], axis=1)
            self._probes.add(rows.x.numpy(), y=rows.y.numpy(), task=rows.task.numpy(), whose=whose)
            self._aged.add(rows, errors=errors, events=self.events)

"""Everything between source and sinks: a function of the records in their order, and nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from connectors.sink import Prediction
from daemon.intake.labels.alone import ALONE
from daemon.intake.reference.rows import ReferenceRows
from daemon.learning.certainty import certainty
from daemon.learning.event_predictor import EventPredictor, interval, likeliest_classes, named
from daemon.learning.fault_numbers import NumberedFaults
from daemon.learning.snapshot import Leads, PipelineSnapshot
from daemon.learning.tap import MOST_CLASSES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from connectors.decoder import Oddity, Reject
    from connectors.record import Record
    from connectors.sink import Anomaly
    from daemon.intake.arrivals import Arrivals
    from daemon.intake.intake import Intake
    from daemon.learning.main_learner import MainLearner, Met
    from daemon.learning.scored_learner import Tally
    from daemon.learning.stopwatch import Stopwatch
    from daemon.learning.tap import PipelineTap
    from daemon.scoring.anomalies import Anomalies
    from daemon.scoring.class_scores import ClassScore
    from daemon.scoring.intervals import AdaptiveIntervals
    from daemon.tasks.assigned import Segment
    from daemon.tasks.boundaries import Boundaries
    from daemon.tasks.contract import Tasks
    from strategies.row_holder import Gone

# A poll's worth of decoded events would not fit the processor's cache; a few hundred wide ones don't either.
_VALUES_AT_ONCE = 65_536
_MOST_AT_ONCE, _LEAST_AT_ONCE = 512, 128


@dataclass(slots=True)
class Outcome:
    """What came of some records."""

    predictions: list[Prediction]
    rejects: list[Reject]
    faults: list[NumberedFaults] = field(default_factory=list)
    """Which of the rejects are faults, and among how many events; those that are held back are none of them."""


class Publish(Protocol):
    """Takes predictions, in the order of the stream."""

    def __call__(self, predictions: list[Prediction], /) -> None:
        """Take some."""


class MakeMainLearner(Protocol):
    """Makes an untrained main learner, once it is known how wide a row is."""

    def __call__(self, *, names: Sequence[str], reference: ReferenceRows | None) -> MainLearner:
        """Return one for rows of these features; ``reference`` are those from before the stream."""


class Pipeline:
    """Takes records in, and predicts, scores and learns them.

    How the records are grouped into calls makes no difference, bit for bit: blocks are closed by count and at task
    boundaries, and everything that depends on earlier events is carried along in the state.
    """

    def __init__(
        self,
        intake: Intake,
        *,
        boundaries: Boundaries,
        tasks: Tasks,
        make_main_learner: MakeMainLearner,
        stopwatch: Stopwatch,
        read_reference: Callable[[Intake], ReferenceRows] | None = None,
        publish_predictions: bool = False,
        intervals: AdaptiveIntervals | None = None,
        anomalies: Anomalies | None = None,
        top: int | None = None,
    ) -> None:
        self.main: MainLearner | None = None
        self._intake = intake
        self._boundaries = boundaries
        self._tasks = tasks
        self._make_main_learner = make_main_learner
        self._read_reference = read_reference
        self._reference: ReferenceRows | None = None
        self._stopwatch = stopwatch
        self._publish_predictions = publish_predictions
        self._intervals = intervals
        self._anomalies = anomalies
        self._top = top
        self._task: int | None = None
        self._drifted = False
        """Whether a drift alarm has begun a segment, and the boundary before it is still to be dealt with."""
        self.newest_event_seconds: float | None = None
        self.tap: PipelineTap | None = None
        """Attached while somebody watches events pass."""

    @property
    def by_target(self) -> Mapping[str, Pipeline]:
        """This one: it predicts one label."""
        return {ALONE: self}

    @property
    def events(self) -> int:
        """Events predicted so far, in this and all earlier runs."""
        return 0 if self.main is None else self.main.events

    @property
    def learned(self) -> int:
        """Events whose labels have come, of which ``waiting`` are not learned yet."""
        return 0 if self.main is None else self.main.events

    @property
    def waiting(self) -> int:
        """Events that are predicted and not yet learned."""
        return 0 if self.main is None else self.main.waiting

    @property
    def inside_budget_at(self) -> int:
        """Events of the newest evaluation of this process inside the retention budget; -1 where there is none."""
        return -1 if self.main is None or self.main.guard is None else self.main.guard.inside_at

    @property
    def feature_names(self) -> Sequence[str] | None:
        """Names of a row's columns; None before the first event."""
        return self._intake.feature_names

    def begin(self) -> None:
        """Read the rows from before the stream, where there are any and a checkpoint has not brought them."""
        if self._reference is None and self._read_reference is not None:
            self._reference = self._read_reference(self._intake)

    @property
    def held(self) -> int:
        """First events that are held back, until there are enough to look at."""
        return self._intake.held

    def begin_at(self, topic: str, partition: int, offset: int) -> None:
        """Nothing: an event brings its own label along."""

    def prepare(self, records: Sequence[Record]) -> None:
        """Get what these records and those held back need from elsewhere, such as schemas.

        Raises ``DecoderUnavailableError`` where they have to wait.
        """
        self._intake.prepare(records)

    def process(self, records: Sequence[Record], *, publish: Publish | None = None) -> Outcome:
        """Predict, score and learn ``records``; return the predictions (if wanted) and what was rejected.

        The first ones are held back, as part of the state, until there are enough to look at. ``publish`` gets the
        predictions instead, as soon as they are made: before what they are of is learned.
        """
        # Not with the first event: its class would then come before or after those of the reference as polls fall.
        self.begin()
        return self._process_all(self._intake.admit(records), publish)

    def release(self, *, publish: Publish | None = None) -> Outcome:
        """Process the first events that are held back: no others will come, or not soon."""
        return self._process_all(self._intake.rest(), publish)

    def _process_all(self, groups: Iterator[Sequence[Record]], publish: Publish | None) -> Outcome:
        outcome = Outcome([], [])
        publish = publish or outcome.predictions.extend
        for records in groups:
            start = 0
            while start < len(records):
                stop = start + self._at_once
                some = self._process(records[start:stop], publish)
                outcome.rejects.extend(some.rejects)
                outcome.faults.extend(some.faults)
                start = stop
        return outcome

    @property
    def _at_once(self) -> int:
        """How many records are decoded together: fewer where they are wide; whole blocks, to predict each once."""
        width = len(self.feature_names or ())
        most = min(_MOST_AT_ONCE, max(_LEAST_AT_ONCE, _VALUES_AT_ONCE // max(width, 1)))
        if self.main is None or self.main.room >= most:
            return most
        return most - (most - self.main.room) % self.main.block_rows

    def _process(self, records: Sequence[Record], publish: Publish) -> Outcome:
        with self._stopwatch("decode"):
            arrivals, rejects = self._intake.take(records)
        if arrivals is None:
            return Outcome([], rejects, [NumberedFaults.among(records, rejects, others=())])
        if self.main is None:
            self.main = self._new_main_learner()
        for part, met in self._parts(arrivals, self.main):
            halves, odd = self._reach(part, met), self._oddness(part, met)
            if self._publish_predictions:
                publish(list(self._predictions(part, met, halves=halves, odd=odd)))
            if self.tap is not None:
                self._show(self.tap, part, met, halves=halves)
        self.newest_event_seconds = arrivals.batch.last_time_seconds
        faults = NumberedFaults.among(records, rejects, others=arrivals.records)
        return Outcome([], rejects, [faults])

    def close_block(self) -> None:
        """Learn what waits, though the block is not full."""
        if self.main is not None:
            self._close_block(self.main)

    def consolidate(self) -> None:
        """End the segment here, on request: learn what waits, consolidate and evaluate. Nothing before an event."""
        if self.main is not None and self._task is not None:
            self._end_segment(self.main)

    def finish(self) -> None:
        """Learn what waits and evaluate the model: no event will come any more."""
        self.close_block()
        if self.main is not None:
            self.main.evaluate_last()

    def forget(self, gone: Gone) -> Counter[str]:
        """Let rows of keys go, wherever they are kept; return how many, by what they were kept for."""
        counts = Counter(self._intake.forget(gone))
        parts = {"reference": self._reference, "intervals": self._intervals, "anomalies": self._anomalies}
        counts.update({name: part.forget(gone) for name, part in parts.items() if part is not None})
        if self.main is not None:
            counts.update(self.main.forget(gone))
        return counts

    def unlearn(self, records: Sequence[Record]) -> int:
        """Take what the rows of records have added out of a closed form; return how many had been learned.

        They count as rows here once more: a state is to have its sums alone of this.
        """
        arrivals, _ = self._intake.take(records)
        return 0 if arrivals is None or self.main is None else self.main.unlearn(arrivals)

    def take_odd(self) -> Mapping[Oddity, int]:
        """Return how many values were odd since the last call, by field and kind."""
        return self._intake.take_odd()

    def take_tallies(self) -> dict[str, Tally]:
        """Return what each learner did since the last call, by its name; none before the first event."""
        return {} if self.main is None else self.main.take_tallies()

    def snapshot(self) -> PipelineSnapshot:
        """Return how everything stands."""
        names, main = self._task_names(), self.main
        return PipelineSnapshot(
            events=self.events,
            waiting=self.waiting,
            alarms=0 if main is None else main.alarms,
            newest_event_seconds=self.newest_event_seconds,
            current_task=None if self._task is None else self._tasks.names.name(self._task),
            features=tuple(self.feature_names or ()),
            left_out=dict(self._intake.left_out),
            held=self.held,
            keys=self._intake.keys,
            classes=tuple(self._intake.class_names),
            tasks=names,
            ages=() if main is None else main.ages,
            tasks_merged=self._tasks.names.retired,
            by_class=self._by_class(),
            learners={} if main is None else main.snapshots(names),
            budget=None if main is None or main.guard is None else main.guard.snapshot(names),
            committee=None if main is None else main.committee_snapshot(names),
            leads=self.leads(),
            categories=self._intake.categories.counts(),
            intervals={} if self._intervals is None else self._intervals.scores(names),
            anomalies=None if self._anomalies is None else self._anomalies.counts,
        )

    def _by_class(self) -> dict[str, ClassScore]:
        names = self._intake.class_names
        scores = {} if self.main is None else self.main.by_class.of_each()
        return {names[index]: score for index, score in scores.items() if index < len(names)}

    def leads(self) -> Leads:
        """Return how far answers are ahead of others on the newest events; of nobody before the first one."""
        return Leads() if self.main is None else self.main.leads()

    def event_predictor(self, *, copied: bool) -> EventPredictor | None:
        """Return what answers whoever asks, as of now; None before the first event.

        Unless it is ``copied``, it is a live view, until the next call of anything else here.
        """
        if self.main is None or self._task is None:
            return None
        names, rows = self._tasks.names, self._intake.glance
        return EventPredictor(
            rows.copied() if copied else rows,
            predictor=self.main.served_copy() if copied else self.main.row_predictor(),
            class_names=tuple(self._intake.class_names),
            tasks={name: code for code, name in names.known.items()},
            task=self._task,
            label_origin=self._intake.origins.label,
            events=self.events,
            step=self.main.scored.learner.steps,
            half_widths=None
            if self._intervals is None
            else {code: self._intervals.half_width(code) for code in names.known},
        )

    def probe_rows(self) -> NDArray[np.float32]:
        """Return the rows of all probe sets ``(rows, features)``, less their origins; there has been an event."""
        assert self.main is not None
        return self.main.probe_rows()

    def summary(self) -> dict[str, Any]:
        """Return the counts that a checkpoint's list shows."""
        steps = 0 if self.main is None else self.main.scored.learner.steps
        return {"events": self.events, "step": steps}

    def state_dict(self) -> dict[str, Any]:
        """Return everything that is to survive."""
        return {
            "intake": self._intake.state_dict(),
            "reference": {} if self._reference is None else self._reference.state_dict(),
            "boundaries": self._boundaries.state_dict(),
            "task": self._task,
            "drifted": self._drifted,
            "main_learner": {} if self.main is None else self.main.state_dict(),
            **({} if self._intervals is None else {"intervals": self._intervals.state_dict()}),
            **({} if self._anomalies is None else {"anomalies": self._anomalies.state_dict()}),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of another configuration."""
        self._intake.load_state_dict(state["intake"])
        self._boundaries.load_state_dict(state["boundaries"])
        self._task, self._drifted = state["task"], state["drifted"]
        if self._intervals is not None:
            # A state from before there were any, or of a file without them, has none.
            self._intervals.load_state_dict(state.get("intervals", {}))
        if self._anomalies is not None:
            self._anomalies.load_state_dict(state.get("anomalies", {}))
        self._take_up_reference(state["reference"], begun=bool(state["main_learner"]))
        if state["main_learner"]:
            self.main = self._new_main_learner()
            self.main.load_state_dict(state["main_learner"])

    def _take_up_reference(self, rows: Mapping[str, Any], *, begun: bool) -> None:
        """Take up the rows from before the stream; once events were learned, with or without them is settled."""
        if begun and bool(rows) != (self._read_reference is not None):
            saved, configured = ("has", "does not name any") if rows else ("has no", "names some")
            raise ValueError(f"the checkpoint {saved} reference rows, the configuration {configured}")
        if rows and self._read_reference is not None:
            self._reference = ReferenceRows.of_state(rows)

    def _new_main_learner(self) -> MainLearner:
        names = self.feature_names
        assert names is not None, "the first row has shown them"
        if self._reference is not None:
            self._reference = self._reference.arranged(names)
        return self._make_main_learner(names=names, reference=self._reference)

    def _parts(self, arrivals: Arrivals, main: MainLearner) -> Iterator[tuple[Arrivals, Met]]:
        """Let the main learner meet the arrivals in parts that fit its block and cross no boundary; yield each."""
        rest = arrivals
        while len(rest):
            boundary = self._boundaries.next_boundary(rest.segment)
            if boundary == 0:
                rest = self._past_boundary(rest, main)
                boundary = self._boundaries.next_boundary(rest.segment)
            self._drifted = False
            if rest.retired[0] > self._tasks.names.retired:
                rest = self._without_retired(rest, main)
                continue
            size = min(len(rest), main.room, boundary or len(rest), alike(rest.retired))
            part, rest = rest[:size], rest[size:]
            self._boundaries.advance(part.segment)
            self._task = int(part.batch.task[-1])
            met = main.meet(part)
            yield part, met
            new_segment = main.close_full()
            if new_segment is not None:
                self._drifted = True
                rest = rest.within(new_segment)

    def _past_boundary(self, rest: Arrivals, main: MainLearner) -> Arrivals:
        """End the segment before the rows ``rest``; return them, with the segment that they belong to."""
        new_segment = self._end_segment(main)
        return rest if new_segment is None else rest.within(new_segment)

    def _without_retired(self, rest: Arrivals, main: MainLearner) -> Arrivals:
        """Merge the task whose number the rows ``rest`` may have as another's; return them, with their segment."""
        new_segment = self._retire(main)
        return rest if new_segment is None else rest.within(new_segment)

    def _retire(self, main: MainLearner) -> Segment | None:
        """Merge the task that made room first; return the segment that a drift alarm has begun meanwhile."""
        names = self._tasks.names
        retired = names.next_retired
        new_segment = main.close_block() if main.has_waiting(retired.code) else None
        main.merge_task(retired.code, into=names.other)
        if self._intervals is not None:
            self._intervals.merge_task(retired.code, into=names.other)
        self._task = names.other if self._task == retired.code else self._task
        names.retire()
        self._drifted = new_segment is not None
        return new_segment

    def _close_block(self, main: MainLearner) -> Segment | None:
        """Learn what waits; return the segment that a drift alarm has begun with it."""
        new_segment = main.close_block()
        self._drifted = self._drifted or new_segment is not None
        return new_segment

    def _end_segment(self, main: MainLearner) -> Segment | None:
        """Learn what waits and end the segment; return the one that a drift alarm has begun meanwhile."""
        assert self._task is not None, "a boundary ends a segment"
        new_segment = self._close_block(main)
        main.end_segment(self._task, drifted=self._drifted)
        self._boundaries.cross()
        return new_segment

    def _task_names(self) -> dict[int, str]:
        """Return the names of the known tasks, by code; ``__other__`` among them once it was needed."""
        names = self._tasks.names
        shared = {names.other: names.name(names.other)} if names.overflowed or names.retired else {}
        return names.known | shared

    def _reach(self, arrivals: Arrivals, met: Met) -> NDArray[np.float64] | None:
        """Return how far the arrivals' intervals reach ``(rows,)``, and learn their labels; None without any."""
        if self._intervals is None:
            return None
        value, batch = met.answer.value.numpy().astype(np.float64), arrivals.batch
        label = batch.y.numpy().astype(np.float64)
        return self._intervals.follow(value, label=label, task=batch.task.numpy(), key=batch.key.numpy())

    def _oddness(self, arrivals: Arrivals, met: Met) -> Sequence[Anomaly | None] | None:
        """Return how odd each arrival is, by its own label ``(rows,)``; None where nobody asks."""
        if self._anomalies is None:
            return None
        look, origin = self._anomalies.look, self._intake.origins.label
        rows = zip(arrivals.batch.key.tolist(), met.answer.value.tolist(), arrivals.labels.tolist(), strict=True)
        return [look(key, expected=value + origin, found=label) for key, value, label in rows]

    def _show(
        self,
        tap: PipelineTap,
        arrivals: Arrivals,
        met: Met,
        *,
        halves: NDArray[np.float64] | None,
        first: int | None = None,
    ) -> None:
        """Show some of the arrivals to who watches; ``first`` is the first one's number where labels come later."""
        rows = tap.chosen(len(arrivals))
        if not rows:
            return
        said = list(self._predictions(arrivals, met, halves=halves, odd=None, top=MOST_CLASSES))
        columns, batch = self._intake.columns, arrivals.batch
        for row in rows:
            tap.event(
                said[row],
                batch.x[row],
                columns,
                place=(int(batch.partition[row]), int(batch.offset[row])),
                held_out=bool(arrivals.held_out[row]),
                number=None if first is None else first + row,
            )

    def label_shown(self, label: Any) -> str | float | None:
        """Return a label, as it was encoded, as people know it."""
        names = self._intake.class_names
        return names[int(label)] if names and label is not None else label

    def target_shown(self, target: Any) -> str | float | None:
        """Return a label, as it is learned, as people know it."""
        names = self._intake.class_names
        return names[int(target)] if names else float(target) + self._intake.origins.label

    def task_shown(self, task: int) -> str:
        """Return the name of a task."""
        return self._tasks.names.name(task)

    def _predictions(
        self,
        arrivals: Arrivals,
        met: Met,
        *,
        halves: NDArray[np.float64] | None,
        odd: Sequence[Anomaly | None] | None,
        top: int | None = None,
    ) -> Iterator[Prediction]:
        names, answer, batch = self._intake.class_names, met.answer, arrivals.batch
        tasks = {code: self._tasks.names.name(code) for code in set(batch.task.tolist())}
        confidence = certainty(answer, known=met.known, labels=met.labels)
        origin = self._intake.origins.label
        of = None if answer.logits is None else names
        said = [named(value, of, origin=origin) for value in answer.value.tolist()]
        likeliest = likeliest_classes(answer, names, top=top or self._top)
        intervals = [None] * len(said) if halves is None else list(map(interval, said, halves.tolist()))
        columns = zip(
            arrivals.records,
            said,
            confidence,
            arrivals.labels.tolist(),
            batch.task.tolist(),
            likeliest,
            intervals,
            odd or [None] * len(said),
            strict=True,
        )
        for record, value, sure, label, task, probabilities, within, anomaly in columns:
            yield Prediction(
                record=record,
                prediction=value,
                confidence=sure,
                label=names[label] if names and label is not None else label,
                task=tasks[task],
                step=met.step,
                probabilities=probabilities,
                interval=within,
                anomaly=anomaly,
            )


def alike(numbers: NDArray[np.int64]) -> int:
    """Return how many of the numbers ``(rows,)``, which never fall, are like the first."""
    return int(np.searchsorted(numbers, numbers[0], side="right"))

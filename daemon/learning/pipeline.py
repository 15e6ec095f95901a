"""Everything between source and sinks: a function of the records in their order, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from connectors.sink import Prediction
from daemon.intake.reference.rows import ReferenceRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from connectors.decoder import Reject
    from connectors.record import Record
    from daemon.intake.arrivals import Arrivals
    from daemon.intake.intake import Intake
    from daemon.learning.main_learner import Met, Student
    from daemon.learning.stopwatch import Stopwatch
    from daemon.tasks.boundaries import Boundaries
    from daemon.tasks.contract import Tasks

# A poll's worth of decoded events would not fit the processor's cache; a few hundred wide ones don't either.
_VALUES_AT_ONCE = 65_536
_MOST_AT_ONCE, _LEAST_AT_ONCE = 512, 128


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of some records."""

    predictions: list[Prediction]
    rejects: list[Reject]


class MakeStudent(Protocol):
    """Makes an untrained student, once it is known how wide a row is."""

    def __call__(self, *, features: int, reference: ReferenceRows | None) -> Student:
        """Return a student for rows of so many features; ``reference`` are those from before the stream."""


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
        make_student: MakeStudent,
        stopwatch: Stopwatch,
        read_reference: Callable[[Intake], ReferenceRows] | None = None,
        publish_predictions: bool = False,
    ) -> None:
        self.student: Student | None = None
        self._intake = intake
        self._boundaries = boundaries
        self._tasks = tasks
        self._make_student = make_student
        self._read_reference = read_reference
        self._reference: ReferenceRows | None = None
        self._stopwatch = stopwatch
        self._publish_predictions = publish_predictions
        self._task: int | None = None
        self.newest_event_seconds: float | None = None

    @property
    def events(self) -> int:
        """Events predicted so far, in this and all earlier runs."""
        return 0 if self.student is None else self.student.events

    @property
    def waiting(self) -> int:
        """Events that are predicted and not yet learned."""
        return 0 if self.student is None else self.student.waiting

    @property
    def feature_names(self) -> Sequence[str] | None:
        """Names of a row's columns; None before the first event."""
        return self._intake.feature_names

    @property
    def class_names(self) -> Sequence[str]:
        """Names of the known classes, by index."""
        return self._intake.class_names

    @property
    def task_names(self) -> Mapping[int, str]:
        """Names of the known tasks, by code; ``__other__`` among them once it was needed."""
        names = self._tasks.names
        known = dict(enumerate(names.names))
        return known | {names.other: names.name(names.other)} if names.overflowed else known

    @property
    def current_task(self) -> str | None:
        """The task of the newest event."""
        return None if self._task is None else self._tasks.names.name(self._task)

    def begin(self) -> None:
        """Read the rows from before the stream, where there are any and a checkpoint has not brought them."""
        if self._reference is None and self._read_reference is not None:
            self._reference = self._read_reference(self._intake)

    def process(self, records: Sequence[Record]) -> Outcome:
        """Predict, score and learn ``records``; return the predictions (if wanted) and what was rejected."""
        # Not with the first event: its class would then come before or after those of the reference as polls fall.
        self.begin()
        outcome = Outcome([], [])
        start = 0
        while start < len(records):
            stop = start + self._at_once
            some = self._process(records[start:stop])
            outcome.predictions.extend(some.predictions)
            outcome.rejects.extend(some.rejects)
            start = stop
        return outcome

    @property
    def _at_once(self) -> int:
        """How many records are decoded together: fewer where they are wide."""
        width = len(self.feature_names or ())
        return min(_MOST_AT_ONCE, max(_LEAST_AT_ONCE, _VALUES_AT_ONCE // max(width, 1)))

    def _process(self, records: Sequence[Record]) -> Outcome:
        with self._stopwatch("decode"):
            arrivals, rejects = self._intake.take(records)
        if arrivals is None:
            return Outcome([], rejects)
        if self.student is None:
            self.student = self._new_student()
        predictions: list[Prediction] = []
        for part, met in self._parts(arrivals, self.student):
            if self._publish_predictions:
                predictions += self._predictions(part, met)
        newest = int(arrivals.batch.provenance[-1, 3])
        self.newest_event_seconds = newest / 1000 if newest >= 0 else None
        return Outcome(predictions, rejects)

    def close_block(self) -> None:
        """Learn what waits, though the block is not full."""
        if self.student is not None:
            self.student.close_block()

    def consolidate(self) -> None:
        """End the segment here, on request: learn what waits, consolidate and examine. Nothing before an event."""
        if self.student is not None and self._task is not None:
            self.student.end_segment(self._task)
            self._boundaries.cross()

    def finish(self) -> None:
        """Learn what waits and examine the model: no event will come any more."""
        if self.student is not None:
            self.student.finish()

    def summary(self) -> dict[str, Any]:
        """Return the counts that a checkpoint's list shows."""
        steps = 0 if self.student is None else self.student.learner.steps
        return {"events": self.events, "step": steps}

    def state_dict(self) -> dict[str, Any]:
        """Return everything that is to survive."""
        return {
            "intake": self._intake.state_dict(),
            "reference": {} if self._reference is None else self._reference.state_dict(),
            "boundaries": self._boundaries.state_dict(),
            "task": self._task,
            "student": {} if self.student is None else self.student.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of another configuration."""
        self._intake.load_state_dict(state["intake"])
        self._boundaries.load_state_dict(state["boundaries"])
        self._task = state["task"]
        self._take_up_reference(state["reference"], begun=bool(state["student"]))
        if state["student"]:
            self.student = self._new_student()
            self.student.load_state_dict(state["student"])

    def _take_up_reference(self, rows: Mapping[str, Any], *, begun: bool) -> None:
        """Take up the rows from before the stream; once events were learned, with or without them is settled."""
        if begun and bool(rows) != (self._read_reference is not None):
            saved, configured = ("has", "does not name any") if rows else ("has no", "names some")
            raise ValueError(f"the checkpoint {saved} reference rows, the configuration {configured}")
        if rows and self._read_reference is not None:
            self._reference = ReferenceRows.of_state(rows)

    def _new_student(self) -> Student:
        names = self.feature_names
        assert names is not None, "the first row has shown them"
        if self._reference is not None:
            self._reference = self._reference.arranged(names)
        return self._make_student(features=len(names), reference=self._reference)

    def _parts(self, arrivals: Arrivals, student: Student) -> Iterator[tuple[Arrivals, Met]]:
        """Let the student meet the arrivals in parts that fit its block and cross no boundary; yield each part."""
        tasks, segments = arrivals.batch.task, arrivals.segment
        start = 0
        while start < len(arrivals):
            boundary = self._boundaries.next_boundary(segments[start:])
            if boundary == 0:
                assert self._task is not None, "a boundary ends a segment"
                student.end_segment(self._task)
                self._boundaries.cross()
                boundary = self._boundaries.next_boundary(segments[start:])
            student.drifted = False
            stop = min(len(arrivals), start + student.room, start + (boundary or len(arrivals)))
            part = arrivals[start:stop]
            self._boundaries.advance(part.segment)
            self._task = int(tasks[stop - 1])
            yield part, student.meet(part)
            start = stop
            if student.new_segment is not None:
                # A drift alarm: the rows that were assigned before it belong to what has begun.
                tasks[start:], segments[start:] = student.new_segment
                student.new_segment = None

    def _predictions(self, arrivals: Arrivals, met: Met) -> Iterator[Prediction]:
        names, answer, batch = self.class_names, met.answer, arrivals.batch
        tasks = {code: self._tasks.names.name(code) for code in set(batch.task.tolist())}
        confidence = [None] * len(arrivals) if answer.confidence is None else answer.confidence.tolist()
        columns = zip(
            arrivals.records, answer.value.tolist(), confidence, batch.y.tolist(), batch.task.tolist(), strict=True
        )
        for record, value, sure, label, task in columns:
            yield Prediction(
                record=record,
                prediction=names[value] if names else value,
                confidence=sure,
                label=names[label] if names else label,
                task=tasks[task],
                step=met.step,
            )

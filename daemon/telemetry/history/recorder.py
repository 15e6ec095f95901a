"""What the page shows of the past: a bounded memory, written by the loop and read by the HTTP thread."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.process.json_text import json_text
from daemon.process.redaction import redacted
from daemon.telemetry.history.course import Course
from daemon.telemetry.history.curve import DECIMALS, Curve
from daemon.telemetry.history.flow import Flow, lag_of
from daemon.telemetry.history.notes import Notes
from daemon.telemetry.history.saved import (
    MAIN,
    Past,
    SavedCurve,
    SavedMemory,
    SavedNote,
    SavedSamples,
    SavedStretches,
)
from daemon.telemetry.history.watch import Watch
from strategies.buffer import Buffered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from connectors.source import SourceStatus
    from daemon.learning.main_learner import Student
    from daemon.learning.pipeline import Pipeline
    from daemon.scoring.evaluation import Evaluation
    from daemon.scoring.retention import RetentionMatrix
    from daemon.state.checkpoint_writer import Written
    from daemon.state.state_error import StateError
    from daemon.telemetry.history.curve import Point
    from daemon.telemetry.history.flow import Sample, Stretch
    from daemon.telemetry.history.notes import Note

MOST_BOUNDARIES = 64
"""Rows of a matrix that are shown."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """Values that never change, to be made into JSON without holding up the loop."""

    tasks: Mapping[int, str]
    newest_event: float | None
    learners: Mapping[str, tuple[tuple[Point, ...], tuple[Evaluation, ...]]]
    """By name: the curve, and the rows of the matrix."""
    samples: tuple[Sample, ...]
    stretches: tuple[Stretch, ...]
    notes: list[Note]


class Chronicle:
    """Keeps curves, rates and notes. The loop only adds what is new; the JSON is made where someone asks for it.

    All of it goes with every checkpoint, and comes back from there: see ``record`` and ``resume``.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._curves: dict[str, Curve] = {}
        self._rows: dict[str, tuple[Evaluation, ...]] = {}
        self._flow = Flow()
        self._course = Course()
        self._notes = Notes()
        self._watch = Watch(self._notes)
        self._tasks: Mapping[int, str] = {}
        self._version = 0
        self._made: tuple[int, str] = (-1, "")
        self._newest_event: float | None = None

    def resume(self, past: Past | None, *, generation: int, events: int, at: float) -> None:
        """Go on from what earlier processes saw until the checkpoint that this one starts from, as far as is known.

        Where this process has seen something itself already, that is all there is to know.
        """
        with self._lock:
            if self._version:
                return
            if past is not None:
                self._curves = {name: Curve(points) for name, points in past.points().items()}
                self._flow, self._course = Flow(past.flow()), Course(past.course())
                self._notes = Notes(past.noted())
            self._watch = Watch(self._notes)
            self._notes.add("ready", at=at, text=f"Started from generation {generation} at {events:,} events")

    def stand(self, pipeline: Pipeline, *, source: SourceStatus, at: float) -> None:
        """Take note of how everything stands at Unix time ``at``; called by the loop, about once a second."""
        with self._lock:
            self._version += 1
            come = self._flow.sample(at=at, events=pipeline.events, lag=lag_of(source.partitions))
            if come is not None:
                self._course.add(come)
            self._watch.look(pipeline, source=source, at=at)
            self._tasks, self._newest_event = pipeline.task_names, pipeline.newest_event_seconds
            matrices = dict(_matrices(pipeline))
            self._curves = {name: self._curves.get(name, Curve()) for name in matrices}
            self._rows = {name: matrix.table()[-MOST_BOUNDARIES:] for name, matrix in matrices.items()}
            for name, matrix in matrices.items():
                self._curves[name].follow(matrix)

    def record(self, pipeline: Pipeline, *, source: SourceStatus, at: float) -> Callable[[], str] | None:
        """Take note of how everything stands, and return what makes a ``Past`` of it as JSON, on any thread.

        None before the first event.
        """
        self.stand(pipeline, source=source, at=at)
        student = pipeline.student
        if student is None:
            return None
        width, memory = student.examiner.matrix.width, _memory(student)
        with self._lock:
            moment = self._moment()
        return lambda: _past(moment, width=width, memory=memory).model_dump_json()

    def checkpoint(self, written: Written, *, at: float) -> None:
        """Note a checkpoint that is durable."""
        size = f"{written.bytes / 1e6:.1f} MB in {written.seconds * 1000:.0f} ms"
        with self._lock:
            text = f"Generation {written.generation} at {written.summary.get('events', 0):,} events: {size}"
            self._notes.add("checkpoint", at=at, text=text)

    def checkpoint_failed(self, error: StateError, *, at: float) -> None:
        """Note a checkpoint that could not be written."""
        with self._lock:
            self._notes.add("failed", at=at, text=f"No checkpoint: {error}")

    def rejected(self, counts: Mapping[tuple[str, str], int], *, kept: bool, at: float) -> None:
        """Note records that could not be learned from, by (stage, reason); ``kept`` as dead letters or not."""
        fate = "Kept as dead letter" if kept else "Dropped"
        with self._lock:
            for (stage, reason), count in counts.items():
                text = f"{fate}: {reason.replace('_', ' ')} ({stage})"
                self._notes.add("rejected", at=at, text=text, count=count)

    def json(self) -> str:
        """Return everything as JSON; made anew only where something was told since. For the HTTP thread alone."""
        with self._lock:
            if self._made[0] == self._version:
                return self._made[1]
            version, moment = self._version, self._moment()
        # Outside the lock: the loop never waits for this.
        text = json_text(_parts(moment))
        self._made = (version, text)
        return text

    def _moment(self) -> _Moment:
        return _Moment(
            tasks=self._tasks,
            newest_event=self._newest_event,
            learners={name: (self._curves[name].points, rows) for name, rows in self._rows.items()},
            samples=self._flow.samples,
            stretches=self._course.stretches,
            notes=self._notes.newest_first(),
        )


def _parts(moment: _Moment) -> dict[str, Any]:
    codes, samples = sorted(moment.tasks), moment.samples
    return {
        "tasks": [redacted(moment.tasks[code]) for code in codes],
        "newest_event": moment.newest_event,
        "learners": {
            name: {"curve": _columns(points, codes), "boundaries": _columns(rows, codes)}
            for name, (points, rows) in moment.learners.items()
        },
        "stream": {
            "at": [round(sample.at, 1) for sample in samples],
            "rate": [_rounded(sample.events_per_second) for sample in samples],
            "lag": [sample.lag for sample in samples],
        },
        "notes": [
            {"kind": note.kind, "at": note.at, "text": redacted(note.text), "count": note.count}
            for note in moment.notes
        ],
    }


def _past(moment: _Moment, *, width: int, memory: Mapping[str, SavedMemory]) -> Past:
    codes, samples, stretches = sorted(moment.tasks), moment.samples, moment.stretches
    return Past(
        width=width,
        codes=codes,
        curves={name: SavedCurve.of(points, codes) for name, (points, _) in moment.learners.items()},
        samples=SavedSamples(
            at=[each.at for each in samples],
            rate=[each.events_per_second for each in samples],
            lag=[each.lag for each in samples],
        ),
        stretches=SavedStretches(
            start=[each.start for each in stretches],
            stop=[each.stop for each in stretches],
            seconds=[each.seconds for each in stretches],
            events=[each.events for each in stretches],
            lag=[each.lag for each in stretches],
        ),
        notes=[
            # A name from the stream may hold half of a character, which UTF-8 has no form for.
            SavedNote(
                kind=note.kind, at=note.at, text=note.text.encode(errors="replace").decode(), count=note.count
            )
            for note in reversed(moment.notes)
        ],
        memory=dict(memory),
    )


def _memory(student: Student) -> dict[str, SavedMemory]:
    return {
        name: SavedMemory(
            rows=(
                {str(task): rows for task, rows in strategy.composition()[0].items()}
                if isinstance(strategy, Buffered)
                else None
            ),
            gauges={gauge: float(value) if isfinite(value) else None for gauge, value in strategy.gauges().items()},
        )
        for name, strategy in student.learner.strategies
    }


def _matrices(pipeline: Pipeline) -> Iterator[tuple[str, RetentionMatrix]]:
    student = pipeline.student
    if student is not None:
        yield MAIN, student.examiner.matrix
        for name, companion in student.companions:
            yield name, companion.examiner.matrix


def _columns(evaluations: Sequence[Evaluation | Point], codes: list[int]) -> dict[str, Any]:
    """Return evaluations as columns; a score that is undefined (NaN) becomes null."""
    place = {code: index for index, code in enumerate(codes)}
    return {
        "number": [each.boundary for each in evaluations],
        "events": [each.events for each in evaluations],
        "task": [place.get(each.task) for each in evaluations],
        "scores": [np.round(each.scores[codes], DECIMALS).tolist() for each in evaluations],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)

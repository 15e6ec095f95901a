"""What the page shows of the past: a bounded memory, written by the loop and read by the HTTP thread."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.page.curve import Curve
from daemon.page.flow import Flow, lag_of
from daemon.page.notes import Notes
from daemon.page.watch import Watch
from daemon.process.json_text import json_text
from daemon.process.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.source import SourceStatus
    from daemon.page.flow import Sample
    from daemon.page.notes import Note
    from daemon.pipeline import Pipeline
    from daemon.scoring.evaluation import Evaluation
    from daemon.scoring.retention import RetentionMatrix
    from daemon.state.checkpoint_writer import Written
    from daemon.state.state_error import StateError

MAIN = "main"
MOST_BOUNDARIES = 64
"""Rows of a matrix that are shown."""
DECIMALS = 4


@dataclass(frozen=True, slots=True)
class _Moment:
    """Values that never change, to be made into JSON without holding up the loop."""

    tasks: Mapping[int, str]
    newest_event: float | None
    learners: Mapping[str, tuple[tuple[Evaluation, ...], tuple[Evaluation, ...]]]
    """By name: the curve, and the rows of the matrix."""
    samples: tuple[Sample, ...]
    notes: list[Note]


class Chronicle:
    """Keeps curves, rates and notes. The loop only adds what is new; the JSON is made where someone asks for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._curves: dict[str, Curve] = {}
        self._rows: dict[str, tuple[Evaluation, ...]] = {}
        self._flow = Flow()
        self._notes = Notes()
        self._watch = Watch(self._notes)
        self._tasks: Mapping[int, str] = {}
        self._version = 0
        self._made: tuple[int, str] = (-1, "")
        self._newest_event: float | None = None

    def stand(self, pipeline: Pipeline, *, source: SourceStatus, at: float) -> None:
        """Take note of how everything stands at Unix time ``at``; called by the loop, about once a second."""
        with self._lock:
            self._version += 1
            self._flow.sample(at=at, events=pipeline.events, lag=lag_of(source.partitions))
            self._watch.look(pipeline, source=source, at=at)
            self._tasks, self._newest_event = pipeline.task_names, pipeline.newest_event_seconds
            for name, matrix in _matrices(pipeline):
                self._curves.setdefault(name, Curve()).follow(matrix)
                self._rows[name] = matrix.table()[-MOST_BOUNDARIES:]

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
            learners={name: (curve.points, self._rows[name]) for name, curve in self._curves.items()},
            samples=self._flow.samples,
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


def _matrices(pipeline: Pipeline) -> Iterator[tuple[str, RetentionMatrix]]:
    student = pipeline.student
    if student is not None:
        yield MAIN, student.examiner.matrix
        for name, companion in student.companions:
            yield name, companion.examiner.matrix


def _columns(evaluations: Sequence[Evaluation], codes: list[int]) -> dict[str, Any]:
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

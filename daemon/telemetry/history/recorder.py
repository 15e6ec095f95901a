"""What the page shows of the past: a bounded memory, written by the loop and read by the HTTP thread."""

from __future__ import annotations

import threading
from collections import Counter
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.process.json_text import json_text
from daemon.process.redaction import redacted
from daemon.telemetry.history.course import Course
from daemon.telemetry.history.curve import DECIMALS, Curve
from daemon.telemetry.history.flow import Flow, lag_of
from daemon.telemetry.history.moment import Moment
from daemon.telemetry.history.notes import Notes
from daemon.telemetry.history.saved import SavedMemory
from daemon.telemetry.history.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from daemon.learning.snapshot import LearnerSnapshot, PipelineSnapshot
    from daemon.scoring.evaluation import Evaluation
    from daemon.state.checkpoint_writer import Written
    from daemon.state.state_error import StateError
    from daemon.telemetry.history.curve import Point
    from daemon.telemetry.history.saved import SavedHistory
    from daemon.telemetry.snapshot import Snapshot

MOST_BOUNDARIES = 64
"""Rows of a matrix that are shown."""


class Recorder:
    """Keeps curves, rates and notes. The loop only adds what is new; the JSON is made where someone asks for it.

    All of it goes with every checkpoint, and comes back from there: see ``moment`` and ``resume``.
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
        self._rejected: Counter[str] = Counter()
        self._targets: dict[str, Recorder] = {}
        """Of each of several targets, its curves alone."""

    def resume(self, past: SavedHistory | None, *, generation: int, events: int, at: float) -> None:
        """Go on from what earlier processes saw until the checkpoint that this one starts from, as far as is known.

        Where this process has seen something itself already, that is all there is to know.
        """
        with self._lock:
            if self._version:
                return
            if past is not None:
                self.recall_curves(past)
                self._flow, self._course = Flow(past.flow()), Course(past.course())
                self._notes = Notes(past.noted())
                self._rejected = Counter(past.rejected)
            self._watch = Watch(self._notes)
            self._notes.add("ready", at=at, text=f"Started from generation {generation} at {events:,} events")

    def add(self, snapshot: Snapshot) -> None:
        """Take note of how everything stands; called by the loop, about once a second."""
        pipeline, source, at = snapshot.pipeline, snapshot.source, snapshot.at
        with self._lock:
            self._version += 1
            come = self._flow.sample(at=at, events=pipeline.events, lag=lag_of(source.partitions))
            if come is not None:
                self._course.add(come)
            self._watch.look(snapshot)
            self._newest_event = pipeline.newest_event_seconds
            self.follow_curves(pipeline)

    def moment(self, snapshot: Snapshot) -> Moment | None:
        """Take note of how everything stands; return the run history until now, None before the first event."""
        self.add(snapshot)
        if all(each.main is None for each in snapshot.pipeline.by_target.values()):
            return None
        with self._lock:
            return self.so_far(snapshot.pipeline)

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
                self._rejected[f"{stage}/{reason}"] += count
                text = f"{fate}: {reason.replace('_', ' ')} ({stage})"
                self._notes.add("rejected", at=at, text=text, count=count)

    @property
    def rejects(self) -> dict[str, int]:
        """How many records could not be learned from, in this and earlier processes, by ``stage/reason``."""
        with self._lock:
            return dict(self._rejected)

    def json(self) -> str:
        """Return everything as JSON; made anew only where something was told since. For the HTTP thread alone."""
        with self._lock:
            if self._made[0] == self._version:
                return self._made[1]
            version, moment = self._version, self.so_far()
        # Outside the lock: the loop never waits for this.
        text = json_text(_parts(moment))
        self._made = (version, text)
        return text

    def recall_curves(self, past: SavedHistory) -> None:
        """Take up the curves of learners, and those of each target."""
        self._curves = {name: Curve(points) for name, points in past.points().items()}
        for target, of in past.targets.items():
            self._targets.setdefault(target, Recorder()).recall_curves(of)

    def follow_curves(self, pipeline: PipelineSnapshot) -> None:
        """Take note of the scores of all learners, and of those of each target."""
        replaced = [code for code, name in self._tasks.items() if pipeline.tasks.get(code, name) != name]
        for curve in self._curves.values() if replaced else ():
            curve.forget(replaced)
        self._tasks = pipeline.tasks
        scores = {name: learner.scores for name, learner in pipeline.learners.items()}
        self._curves = {name: self._curves.get(name, Curve()) for name in scores}
        self._rows = {name: of.boundaries[-MOST_BOUNDARIES:] for name, of in scores.items()}
        for name, of in scores.items():
            self._curves[name].follow((*of.boundaries, *of.recent), latest=of.latest)
        self._targets = {target: self._targets.get(target, Recorder()) for target in pipeline.targets}
        for target, each in pipeline.targets.items():
            self._targets[target].follow_curves(each)

    def so_far(self, pipeline: PipelineSnapshot | None = None) -> Moment:
        """Return all of it; to be kept with what the strategies of a pipeline hold, where it is given."""
        mains = [] if pipeline is None else [each.main for each in pipeline.by_target.values()]
        main = None if pipeline is None else pipeline.main
        return Moment(
            tasks=self._tasks,
            newest_event=self._newest_event,
            learners={name: (self._curves[name].points, rows) for name, rows in self._rows.items()},
            samples=self._flow.samples,
            stretches=self._course.stretches,
            notes=tuple(self._notes.newest_first()),
            width=max((each.scores.max_tasks for each in mains if each is not None), default=1),
            rejected=dict(self._rejected),
            memory={} if main is None else _memory(main),
            targets={
                target: of.so_far(None if pipeline is None else pipeline.targets[target])
                for target, of in self._targets.items()
            },
        )


def _parts(moment: Moment) -> dict[str, Any]:
    samples = moment.samples
    return {
        "newest_event": moment.newest_event,
        **_curves(moment),
        "targets": {target: _curves(of) for target, of in moment.targets.items()},
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


def _curves(moment: Moment) -> dict[str, Any]:
    codes = sorted(moment.tasks)
    return {
        "tasks": [redacted(moment.tasks[code]) for code in codes],
        "learners": {
            name: {"curve": _columns(points, codes), "boundaries": _columns(rows, codes)}
            for name, (points, rows) in moment.learners.items()
        },
    }


def _memory(main: LearnerSnapshot) -> dict[str, SavedMemory]:
    return {
        name: SavedMemory(
            rows=None
            if strategy.buffer is None
            else {str(task): rows for task, rows in strategy.buffer.by_task.items()},
            gauges={gauge: float(value) if isfinite(value) else None for gauge, value in strategy.gauges.items()},
        )
        for name, strategy in main.strategies.items()
    }


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

"""Tells the outside what the loop and the learner are doing."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from strategies.buffer import Buffered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.decoder import Reject
    from connectors.source import SourceStatus
    from daemon.metrics import Metrics
    from daemon.pipeline import Pipeline
    from daemon.process.vital_signs import VitalSigns
    from daemon.scoring.figures import Figures
    from daemon.state.checkpoint_writer import Written
    from daemon.stopwatch import Stopwatch
    from daemon.student import Student
    from daemon.training import Tally

_SUMMARY = (
    "average_score",
    "backward_transfer",
    "forward_transfer",
    "forgetting",
    "learning_accuracy",
    "min_acc",
    "wc_acc",
)


class Telemetry:
    """Counts are told every turn; what has to be computed (scores, penalties, buffers) once a second."""

    def __init__(
        self,
        metrics: Metrics,
        vital_signs: VitalSigns,
        *,
        name: str,
        stopwatch: Stopwatch,
        every_seconds: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._metrics = metrics
        self._vital_signs = vital_signs
        self._name = name
        self._stopwatch = stopwatch
        self._every_seconds = every_seconds
        self._clock = clock
        self._now = now
        self._told_at = -float("inf")
        self._examined: tuple[int | None, int] = (None, 0)
        self._counts: dict[str, tuple[int, float | None]] = {}
        self._checkpoint: dict[str, Any] = {}
        self._started = now()

    def turn(
        self, pipeline: Pipeline, *, source: SourceStatus, received: int, seconds: float, last: bool = False
    ) -> None:
        """Tell what one turn did, and where everything stands if that was not told for a while."""
        student = pipeline.student
        self._count(student.take_tally() if student is not None else None, pipeline, received, seconds)
        if source.ready:
            self._vital_signs.ready()
        else:
            self._vital_signs.not_ready(source.reason)
        self._vital_signs.turned()
        if last or self._clock() - self._told_at >= self._every_seconds:
            self._told_at = self._clock()
            self._metrics.process.ready(ready=source.ready)
            self._metrics.stream.partitions(source.partitions)
            if student is not None:
                self._tell(student, pipeline)
            self._vital_signs.publish(self._status(pipeline, source))

    def rejected(self, rejects: Sequence[Reject], *, kept: bool) -> None:
        """Tell what could not be learned from."""
        if rejects:
            counts: Counter[tuple[str, str]] = Counter((reject.stage, reject.reason) for reject in rejects)
            self._metrics.stream.rejected(counts, dead_letters=len(rejects) if kept else 0)

    def checkpoint(self, written: Written) -> None:
        """Tell that a checkpoint is durable."""
        at = self._now()
        self._checkpoint = {"generation": written.generation, "at": at, **written.summary}
        self._metrics.checkpoints.written(
            written.generation, size_bytes=written.bytes, duration_seconds=written.seconds, at_seconds=at
        )

    def _seen(self, event: str, count: int) -> float | None:
        """Return when ``event`` last happened, by its count; None where that was in an earlier process."""
        before, at = self._counts.get(event, (count, None))
        self._counts[event] = (count, self._now() if count != before else at)
        return self._counts[event][1]

    def _count(self, tally: Tally | None, pipeline: Pipeline, received: int, seconds: float) -> None:
        busy = self._stopwatch.take()
        if tally is None:
            self._metrics.loop.turn(received=received, busy_seconds=busy, turn_seconds=seconds)
            return
        self._metrics.loop.turn(
            received=received,
            predicted=tally.predicted,
            learned=tally.learned,
            held_out=tally.held_out,
            steps=tally.steps,
            steps_rejected=tally.steps_rejected,
            steps_saved=tally.steps_saved,
            loss=tally.loss,
            newest_event_seconds=pipeline.newest_event_seconds,
            busy_seconds=busy,
            turn_seconds=seconds,
        )

    def _tell(self, student: Student, pipeline: Pipeline) -> None:
        names = pipeline.task_names
        self._metrics.learning.classes_known(len(pipeline.class_names))
        self._metrics.learning.restraint(learning_rate=student.learner.learning_rate, steps_left=student.steps_left)
        self._tell_strategies(student, names, pipeline.class_names)
        self._tell_prequential(student, names)
        figures = student.examiner.figures()
        self._metrics.tasks.current(pipeline.current_task, known=len(names), boundaries=figures.boundaries)
        self._metrics.tasks.drift(alarms=student.alarms, detected_seconds=self._seen("drift", student.alarms))
        examined = (figures.events, figures.boundaries)
        if figures.events is not None and examined != self._examined:
            self._examined = examined
            self._tell_retention(student, figures, names)

    def _tell_strategies(self, student: Student, tasks: Mapping[int, str], classes: Sequence[str]) -> None:
        for name, strategy in student.learner.strategies:
            gauges = strategy.gauges()
            self._metrics.learning.figures(name, gauges)
            if "consolidations" in gauges:
                count = int(gauges["consolidations"])
                self._metrics.learning.anchor(
                    name,
                    penalty=strategy.penalty(student.learner.parameters),
                    consolidations=count,
                    consolidated_seconds=self._seen(f"{name} consolidated", count),
                )
            if isinstance(strategy, Buffered):
                by_task, by_class = strategy.composition()
                self._metrics.learning.buffer(
                    name,
                    rows=int(gauges["buffer_rows"]),
                    capacity_rows=int(gauges["buffer_capacity_rows"]),
                    size_bytes=int(gauges["buffer_bytes"]),
                    seen=int(gauges["buffer_seen_rows"]),
                    task_rows=_named(by_task, tasks),
                    class_rows=_named(by_class, dict(enumerate(classes))),
                )

    def _tell_prequential(self, student: Student, names: Mapping[int, str]) -> None:
        total, window = student.prequential.total(), student.prequential.windowed()
        self._metrics.prequential.overall(
            score=total.retention_score,
            samples=total.rows,
            kappa=total.kappa,
            window_score=window.retention_score,
            window_samples=window.rows,
            window_kappa=window.kappa,
        )
        self._metrics.prequential.references({"no_change": window.no_change_accuracy})
        of_task = {name: student.prequential.of_task(task) for task, name in names.items()}
        seen = {name: score for name, score in of_task.items() if score.rows}
        self._metrics.prequential.by_task(
            {name: score.retention_score for name, score in seen.items()},
            samples={name: score.rows for name, score in seen.items()},
        )

    def _tell_retention(self, student: Student, figures: Figures, names: Mapping[int, str]) -> None:
        tasks = {names[task]: of_task for task, of_task in figures.tasks.items()}
        self._metrics.retention.scored(
            {name: task.now for name, task in tasks.items()},
            samples={name: task.samples for name, task in tasks.items()},
            forgetting={name: task.forgetting for name, task in tasks.items()},
            summary={key: getattr(figures, key) for key in _SUMMARY},
            at_seconds=self._now(),
        )
        self._metrics.retention.matrix(
            matrix_of(student, names),
            untrained={name: task.untrained for name, task in tasks.items()},
        )

    def _status(self, pipeline: Pipeline, source: SourceStatus) -> dict[str, Any]:
        """Return what ``/status`` shows."""
        status: dict[str, Any] = {
            "name": self._name,
            "started": self._started,
            "ready": source.ready,
            "reason": source.reason,
            "events": pipeline.events,
            "features": list(pipeline.feature_names or ()),
            "tasks": list(pipeline.task_names.values()),
            "current_task": pipeline.current_task,
            "classes": list(pipeline.class_names),
            "partitions": [
                {
                    "topic": partition.topic,
                    "partition": partition.partition,
                    "position": partition.position,
                    "end_offset": partition.end_offset,
                    "last_progress": partition.last_progress_seconds,
                }
                for partition in source.partitions
            ],
            "checkpoint": self._checkpoint,
        }
        if pipeline.student is not None:
            status |= student_status(pipeline.student, pipeline.task_names)
        return status


def student_status(student: Student, names: Mapping[int, str]) -> dict[str, Any]:
    """Return the learner's part of ``/status``: steps, strategies, scores and the retention matrix."""
    figures = student.examiner.figures()
    total, window = student.prequential.total(), student.prequential.windowed()
    return {
        "steps": student.learner.steps,
        "steps_rejected": student.learner.rejected_steps,
        "steps_left": student.steps_left,
        "learning_rate": student.learner.learning_rate,
        "parameters": len(student.learner.parameters),
        "waiting": student.waiting,
        "strategies": {name: dict(strategy.gauges()) for name, strategy in student.learner.strategies},
        "prequential": {
            "score": total.retention_score,
            "window_score": window.retention_score,
            "kappa": total.kappa,
            "window_kappa": window.kappa,
            "rows": total.rows,
        },
        "retention": {
            **{key: getattr(figures, key) for key in _SUMMARY},
            "boundaries": figures.boundaries,
            "events": figures.events,
            "tasks": {
                names[task]: {"score": of.now, "samples": of.samples, "best": of.best, "forgetting": of.forgetting}
                for task, of in figures.tasks.items()
            },
            "matrix": matrix_of(student, names),
        },
    }


def matrix_of(student: Student, names: Mapping[int, str]) -> dict[int, dict[str, float]]:
    """Return R by boundary and task name, undefined scores left out."""
    return {
        row.boundary: {
            name: float(row.scores[task]) for task, name in names.items() if not np.isnan(row.scores[task])
        }
        for row in student.examiner.matrix.table()
    }


def _named(counts: Mapping[int, int], names: Mapping[int, str]) -> dict[str, int]:
    return {names[index]: count for index, count in counts.items()}

"""Tells the outside what the loop and the learner are doing."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import structlog

from daemon.process.own_use import own_use
from daemon.scoring.learner_scores import Marks
from daemon.telemetry.history.recorder import Chronicle
from daemon.telemetry.learner import LearnerTelemetry
from daemon.telemetry.status import learner_status, no_change_status, stream_status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connectors.decoder import Reject
    from connectors.source import SourceStatus
    from daemon.learning.companions import Companions
    from daemon.learning.main_learner import Student
    from daemon.learning.pipeline import Pipeline
    from daemon.learning.stopwatch import Stopwatch
    from daemon.learning.training import Tally
    from daemon.state.checkpoint_writer import Written
    from daemon.state.state_error import StateError
    from daemon.telemetry.health import VitalSigns
    from daemon.telemetry.metrics import Metrics
    from daemon.telemetry.metrics.learner import LearnerMetrics

log = structlog.get_logger("retaind")

NO_CHANGE = "no_change"
"""The name of the reference that repeats the last label, among those of the learners beside the main one."""


class Telemetry:
    """Counts are told every turn; what has to be computed (scores, penalties, buffers) once a second."""

    def __init__(
        self,
        metrics: Metrics,
        vital_signs: VitalSigns,
        *,
        name: str,
        stopwatch: Stopwatch,
        chronicle: Chronicle | None = None,
        every_seconds: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._metrics = metrics
        self._vital_signs = vital_signs
        self._name = name
        self._stopwatch = stopwatch
        self._chronicle = Chronicle() if chronicle is None else chronicle
        self._every_seconds = every_seconds
        self._clock = clock
        self._now = now
        self._told_at = -float("inf")
        self._main = LearnerTelemetry(metrics.main, now=now)
        self._beside: dict[str, tuple[LearnerMetrics, LearnerTelemetry]] = {}
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
            use = own_use()
            self._metrics.process.uses(resident_bytes=use.resident_bytes, cpu_seconds=use.cpu_seconds)
            self._metrics.stream.partitions(source.partitions)
            status = {"name": self._name, "started": self._started, "checkpoint": self._checkpoint}
            status |= stream_status(pipeline, source)
            if student is not None:
                status |= self._tell(student, pipeline)
            self._vital_signs.publish(status)
            self._chronicle.stand(pipeline, source=source, at=self._now())

    def rejected(self, rejects: Sequence[Reject], *, kept: bool) -> None:
        """Tell what could not be learned from."""
        if rejects:
            counts: Counter[tuple[str, str]] = Counter((reject.stage, reject.reason) for reject in rejects)
            self._metrics.stream.rejected(counts, dead_letters=len(rejects) if kept else 0)
            self._chronicle.rejected(counts, kept=kept, at=self._now())

    def chronicle(self, pipeline: Pipeline, *, source: SourceStatus) -> Callable[[], str] | None:
        """Return what makes the JSON of all that was seen until now, to be kept with a checkpoint."""
        return self._chronicle.record(pipeline, source=source, at=self._now())

    def checkpoint(self, written: Written) -> None:
        """Tell that a checkpoint is durable."""
        at = self._now()
        self._checkpoint = {"generation": written.generation, "at": at, **written.summary}
        self._chronicle.checkpoint(written, at=at)
        self._metrics.checkpoints.written(
            written.generation, size_bytes=written.bytes, duration_seconds=written.seconds, at_seconds=at
        )

    def checkpoint_failed(self, error: StateError) -> None:
        """Tell that a checkpoint could not be written, and is tried again when the next one is due."""
        log.error("checkpoint not written", reason=str(error))
        self._chronicle.checkpoint_failed(error, at=self._now())
        self._metrics.checkpoints.failed()

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

    def _tell(self, student: Student, pipeline: Pipeline) -> dict[str, Any]:
        """Tell how all learners stand; return the same for ``/status``."""
        names, classes = pipeline.task_names, pipeline.class_names
        marks = Marks.of(student, names)
        self._metrics.learning.classes_known(len(classes))
        self._metrics.tasks.current(pipeline.current_task, known=len(names), boundaries=marks.figures.boundaries)
        self._metrics.tasks.drift(alarms=student.alarms, detected_seconds=self._main.seen("drift", student.alarms))
        self._main.tell(student, marks, tasks=names, classes=classes)
        status = learner_status(student, marks, names)
        status["retention"]["matrix"] = self._main.matrix
        status["buffers"] = self._main.buffers
        others = self._tell_companions(student.companions, pipeline)
        return status | {"companions": self._tell_no_change(marks) | others}

    def _tell_companions(self, companions: Companions, pipeline: Pipeline) -> dict[str, Any]:
        names, status = pipeline.task_names, {}
        for name, companion in companions:
            metrics, telemetry = self._beside_it(name)
            tally = companion.take_tally()
            metrics.training.did(
                steps=tally.steps,
                steps_rejected=tally.steps_rejected,
                steps_saved=tally.steps_saved,
                loss=tally.loss,
            )
            marks = Marks.of(companion, names)
            telemetry.tell(companion, marks, tasks=names, classes=pipeline.class_names)
            status[name] = learner_status(companion, marks, names)
        return status

    def _tell_no_change(self, marks: Marks) -> dict[str, Any]:
        total, window = marks.total, marks.window
        self._beside_it(NO_CHANGE)[0].prequential.overall(
            score=total.no_change_score,
            samples=total.compared,
            window_score=window.no_change_score,
            window_samples=window.compared,
        )
        return {NO_CHANGE: no_change_status(total, window)}

    def _beside_it(self, name: str) -> tuple[LearnerMetrics, LearnerTelemetry]:
        if name not in self._beside:
            metrics = self._metrics.beside(name)
            self._beside[name] = metrics, LearnerTelemetry(metrics, now=self._now)
        return self._beside[name]

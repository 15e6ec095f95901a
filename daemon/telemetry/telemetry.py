"""Tells the outside what the loop and the learners are doing."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import structlog

from daemon.learning.snapshot import COMMITTEE, MAIN, NO_CHANGE
from daemon.process.free_bytes import free_bytes
from daemon.process.own_use import own_use
from daemon.telemetry.comparison import comparisons
from daemon.telemetry.history.recorder import Recorder
from daemon.telemetry.learner import LearnerTelemetry
from daemon.telemetry.misreadings import Misreadings
from daemon.telemetry.snapshot import Snapshot
from daemon.telemetry.status import advice_status, status

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from connectors.decoder import Reject
    from connectors.source import SourceStatus
    from daemon.learning.scored_learner import Tally
    from daemon.learning.snapshot import CommitteeSnapshot, PipelineSnapshot
    from daemon.learning.stopwatch import Stopwatch
    from daemon.scoring.learner_scores import LearnerScores
    from daemon.state.checkpoint_writer import Written
    from daemon.state.state_error import StateError
    from daemon.telemetry.advice import Advisor
    from daemon.telemetry.health import Health
    from daemon.telemetry.history.moment import Moment
    from daemon.telemetry.metrics import Metrics
    from daemon.telemetry.metrics.learner import LearnerMetrics
    from daemon.telemetry.snapshot import TurnWork

log = structlog.get_logger("retaind")


class Telemetry:
    """Counts are told every turn; how everything stands (scores, penalties, buffers) once a second."""

    def __init__(
        self,
        metrics: Metrics,
        health: Health,
        *,
        name: str,
        stopwatch: Stopwatch,
        advisor: Advisor,
        history: Recorder | None = None,
        written: Mapping[str, Path] | None = None,
        every_seconds: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._metrics = metrics
        self._health = health
        self._name = name
        self._stopwatch = stopwatch
        self._history = Recorder() if history is None else history
        self.advisor = advisor
        """Judges the answers when the loop has a new window of them."""
        self._written = written or {}
        self._every_seconds = every_seconds
        self._clock = clock
        self._now = now
        self._shown_at = -float("inf")
        self._main = LearnerTelemetry(metrics.main)
        self._companions: dict[str, tuple[LearnerMetrics, LearnerTelemetry]] = {}
        self._checkpoint: dict[str, Any] = {}
        self._misreadings = Misreadings()
        self._started = now()

    @property
    def due(self) -> bool:
        """Whether it is time to show again how everything stands."""
        return self._clock() - self._shown_at >= self._every_seconds

    def turn(self, work: TurnWork, *, source: SourceStatus) -> None:
        """Count what one turn did, and say that the loop turns."""
        busy = self._stopwatch.take()
        main = work.tallies.get(MAIN)
        if main is None:
            self._metrics.loop.turn(received=work.received, busy_seconds=busy, turn_seconds=work.seconds)
        else:
            self._metrics.loop.turn(
                received=work.received,
                predicted=main.predicted,
                learned=main.learned,
                held_out=main.held_out,
                steps=main.steps,
                steps_rejected=main.steps_rejected,
                steps_saved=main.steps_saved,
                loss=main.loss,
                newest_event_seconds=work.newest_event_seconds,
                busy_seconds=busy,
                turn_seconds=work.seconds,
            )
        self._metrics.stream.odd(work.odd)
        self._count_companions(work.tallies)
        if source.ready:
            self._health.ready()
        else:
            self._health.not_ready(source.reason)
        self._health.turned()

    def waiting_for(self, sinks: Collection[str]) -> None:
        """Tell which sinks take nothing, so that nothing is polled."""
        self._metrics.stream.waiting_for(sinks)

    def snapshot(self, pipeline: PipelineSnapshot, source: SourceStatus) -> Snapshot:
        """Return the daemon as of now."""
        return Snapshot(at=self._now(), pipeline=pipeline, source=source)

    def show(self, snapshot: Snapshot) -> None:
        """Show how everything stands: in the metrics, in ``/status``, and in the run history."""
        self._shown_at = self._clock()
        pipeline, source, use = snapshot.pipeline, snapshot.source, own_use()
        self._metrics.process.ready(ready=source.ready)
        self._metrics.process.uses(use)
        self._metrics.process.disks(free_bytes(self._written))
        self._metrics.stream.partitions(source.partitions)
        self._metrics.stream.order_timeouts(source.order_timeouts)
        self._metrics.stream.remembered(pipeline.keys, held=pipeline.held)
        if pipeline.later is not None:
            self._metrics.labels.show(pipeline.later)
        self._misreadings.say(pipeline)
        self._metrics.categories.show(pipeline.categories)
        if pipeline.main is not None:
            self._show_tasks(pipeline, pipeline.main.scores, at=snapshot.at)
            self._show_learners(pipeline, at=snapshot.at)
            self._show_leads(pipeline)
        if pipeline.committee is not None:
            self._show_committee(pipeline.committee, tasks=pipeline.tasks, at=snapshot.at)
        self._metrics.advice.below(self.advisor.is_below())
        about = {"name": self._name, "started": self._started, "checkpoint": self._checkpoint}
        advice = [advice_status(each) for each in self.advisor.given()]
        self._health.publish(about | {"advice": advice} | status(snapshot, matrix=self._main.matrix))
        self._history.add(snapshot)

    def moment(self, snapshot: Snapshot) -> Moment | None:
        """Return the run history until a snapshot, to be kept with a checkpoint; None before the first event."""
        return self._history.moment(snapshot)

    def rejected(self, rejects: Sequence[Reject], *, kept: bool) -> None:
        """Tell what could not be learned from."""
        if rejects:
            counts: Counter[tuple[str, str]] = Counter((reject.stage, reject.reason) for reject in rejects)
            self._metrics.stream.rejected(counts, dead_letters=len(rejects) if kept else 0)
            self._history.rejected(counts, kept=kept, at=self._now())

    def checkpoint(self, written: Written) -> None:
        """Tell that a checkpoint is durable."""
        at = self._now()
        self._checkpoint = {"generation": written.generation, "at": at, **written.summary}
        self._history.checkpoint(written, at=at)
        self._metrics.checkpoints.written(
            written.generation, size_bytes=written.bytes, duration_seconds=written.seconds, at_seconds=at
        )

    def checkpoint_failed(self, error: StateError) -> None:
        """Tell that a checkpoint could not be written, and is tried again when the next one is due."""
        log.error("checkpoint not written", reason=str(error))
        self._history.checkpoint_failed(error, at=self._now())
        self._metrics.checkpoints.failed()

    def _count_companions(self, tallies: Mapping[str, Tally]) -> None:
        for name, tally in tallies.items():
            if name != MAIN:
                self._companion(name)[0].training.did(
                    steps=tally.steps,
                    steps_rejected=tally.steps_rejected,
                    steps_saved=tally.steps_saved,
                    loss=tally.loss,
                )

    def _show_tasks(self, pipeline: PipelineSnapshot, scores: LearnerScores, *, at: float) -> None:
        self._metrics.strategies.classes_known(len(pipeline.classes))
        self._metrics.tasks.known(pipeline.tasks.values(), merged=pipeline.tasks_merged)
        self._metrics.ages.scored(pipeline.ages)
        self._metrics.intervals.scored(pipeline.intervals)
        self._metrics.tasks.current(pipeline.current_task, boundaries=scores.figures.boundaries)
        detected = self._main.last_happened("drift", pipeline.alarms, at=at)
        self._metrics.tasks.drift(alarms=pipeline.alarms, detected_seconds=detected)
        self._companion(NO_CHANGE)[0].prequential.overall(
            score=scores.total.no_change_score,
            samples=scores.total.compared,
            window_score=scores.window.no_change_score,
            window_samples=scores.window.compared,
        )

    def _show_learners(self, pipeline: PipelineSnapshot, *, at: float) -> None:
        for name, learner in pipeline.learners.items():
            telemetry = self._main if name == MAIN else self._companion(name)[1]
            telemetry.show(learner, tasks=pipeline.tasks, classes=pipeline.classes, at=at)

    def _show_leads(self, pipeline: PipelineSnapshot) -> None:
        average = {name: of.average for name, of in comparisons(pipeline).items() if of.average is not None}
        self._metrics.leads.show(pipeline.leads.of_main, average=average)

    def _show_committee(self, committee: CommitteeSnapshot, *, tasks: Mapping[int, str], at: float) -> None:
        self._metrics.committee.weights(committee.weights)
        self._companion(COMMITTEE)[1].show_scores(committee.scores, tasks=tasks, at=at)

    def _companion(self, name: str) -> tuple[LearnerMetrics, LearnerTelemetry]:
        if name not in self._companions:
            metrics = self._metrics.beside(name)
            self._companions[name] = metrics, LearnerTelemetry(metrics)
        return self._companions[name]

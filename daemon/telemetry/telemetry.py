"""Tells the outside what the loop and the learners are doing."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import structlog

from daemon.intake.labels.alone import ALONE
from daemon.learning.snapshot import MAIN
from daemon.process.free_bytes import free_bytes
from daemon.process.own_use import own_use
from daemon.telemetry.history.recorder import Recorder
from daemon.telemetry.misreadings import Misreadings
from daemon.telemetry.snapshot import Snapshot
from daemon.telemetry.status import stream_status
from daemon.telemetry.target_telemetry import TargetTelemetry

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from connectors.decoder import Reject
    from connectors.source import SourceStatus
    from daemon.learning.snapshot import Leads, PipelineSnapshot
    from daemon.learning.stopwatch import Stopwatch
    from daemon.state.checkpoint_writer import Written
    from daemon.state.state_error import StateError
    from daemon.telemetry.advice import Advisor
    from daemon.telemetry.health import Health
    from daemon.telemetry.history.moment import Moment
    from daemon.telemetry.metrics import Metrics
    from daemon.telemetry.metrics.target import WorkingTargetMetrics
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
        stability: float | None = None,
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
        self.stability = stability
        """The dial between learning what is new and keeping what is old; None where it is not used."""
        self._stopwatch = stopwatch
        self._history = Recorder() if history is None else history
        self._written = written or {}
        self._every_seconds = every_seconds
        self._clock = clock
        self._now = now
        self._shown_at = -float("inf")
        self._advisor = advisor
        self._targets = {ALONE: TargetTelemetry(metrics, advisor=advisor)}
        self._work: dict[str, WorkingTargetMetrics] = {}
        """Of each of several targets."""
        self._checkpoint: dict[str, Any] = {}
        self._misreadings = Misreadings()
        self._started = now()

    @property
    def due(self) -> bool:
        """Whether it is time to show again how everything stands."""
        return self._clock() - self._shown_at >= self._every_seconds

    def turn(self, work: TurnWork, *, source: SourceStatus) -> None:
        """Count what one turn did, and say that the loop turns."""
        alone = work.tallies.get(ALONE, {}).get(MAIN)
        self._metrics.loop.turn(
            received=work.received,
            newest_event_seconds=work.newest_event_seconds,
            busy_seconds=self._stopwatch.take(),
            turn_seconds=work.seconds,
            **({} if alone is None else asdict(alone)),
        )
        self._metrics.stream.odd(work.odd)
        for target, tallies in work.tallies.items():
            self._of(target).count_companions(tallies)
            if target != ALONE and MAIN in tallies:
                self._work[target].work.did(**asdict(tallies[MAIN]))
        if source.ready:
            self._health.ready()
        else:
            self._health.not_ready(source.reason)
        self._health.turned()

    def judge(self, target: str, leads: Callable[[], Leads], *, events: int) -> None:
        """Judge what was published of a target, where there is a new window of it after so many events."""
        advisor = self._of(target).advisor
        if advisor.due(events):
            advisor.judge(leads(), events=events)

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
        self._misreadings.say(pipeline)
        for target, each in pipeline.by_target.items():
            self._of(target).show(each, at=snapshot.at)
        self._health.publish(self._status(snapshot))
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

    def letters_lost(self, count: int) -> None:
        """Tell how many rejected records the dead letters took in no form."""
        self._metrics.stream.lost(count)

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

    def _status(self, snapshot: Snapshot) -> dict[str, Any]:
        """Return what ``/status`` shows: of one label beside the stream, of several targets under ``targets``."""
        shown = {
            "name": self._name,
            "stability": self.stability,
            "started": self._started,
            "checkpoint": self._checkpoint,
        }
        shown |= stream_status(snapshot.pipeline, snapshot.source)
        targets = {name: self._of(name).status(each) for name, each in snapshot.pipeline.by_target.items()}
        return shown | targets.get(ALONE, {"targets": targets})

    def _of(self, target: str) -> TargetTelemetry:
        if target not in self._targets:
            self._work[target] = self._metrics.of_target(target)
            advisor = self._advisor.of_target(target)
            self._targets[target] = TargetTelemetry(self._work[target], advisor=advisor)
        return self._targets[target]

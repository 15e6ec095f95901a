"""One turn after another: poll, learn, publish, save."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from daemon.loop.poll_size import PollSize
from daemon.state.checkpoint_writer import CheckpointContents
from daemon.state.state_error import StateError
from daemon.telemetry.snapshot import TurnWork

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.decoder import Reject
    from connectors.record import Record
    from connectors.sink import DeadLetters, Predictions
    from connectors.source import Source, SourceStatus
    from daemon.learning.pipeline import Pipeline
    from daemon.learning.stopwatch import Stopwatch
    from daemon.loop.reject_limit import RejectLimit
    from daemon.state.checkpoint_writer import Written
    from daemon.state.saving import Saving
    from daemon.telemetry.snapshot import Snapshot
    from daemon.telemetry.telemetry import Telemetry

_POLL_SECONDS = 0.2


class Loop:
    """Moves events from the source through the pipeline, and sees to it that nothing is lost on the way.

    All of it happens on the thread that calls :meth:`turn`. After each turn every record that the source has
    delivered is predicted, and learned or waiting in the pipeline's state, or kept as a dead letter: that is when
    state and positions may become a checkpoint.
    """

    def __init__(
        self,
        *,
        source: Source,
        pipeline: Pipeline,
        saving: Saving,
        reject_limit: RejectLimit,
        telemetry: Telemetry,
        stopwatch: Stopwatch,
        dead_letters: DeadLetters | None = None,
        predictions: Predictions | None = None,
        linger_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pipeline = pipeline
        self.linger_seconds = linger_seconds
        self.saving = saving
        self.reject_limit = reject_limit
        self._source = source
        self._telemetry = telemetry
        self._stopwatch = stopwatch
        self._dead_letters = dead_letters
        self._predictions = predictions
        self._clock = clock
        self._poll_size = PollSize()
        self._first_waiting: int | None = None
        self._waiting_since = clock()

    def resume(self, pipeline: Pipeline, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint's state, which ``pipeline`` has taken up; the source is opened by the caller."""
        self.pipeline = pipeline
        if self._predictions is not None and "predictions" in state:
            self._predictions.load_state_dict(state["predictions"])
        self.saving.resume(pipeline.events, snapshot=state["source"])

    def start_over(self, pipeline: Pipeline) -> None:
        """Forget what was learned since the newest checkpoint; ``resume`` is to follow where there is one."""
        self._tell_saved(self.saving.wait())
        self.pipeline = pipeline

    def go_on_with(self, pipeline: Pipeline) -> None:
        """Let another pipeline take over, which has taken up the state of this one."""
        assert pipeline.events == self.pipeline.events
        self.pipeline = pipeline

    def close(self) -> None:
        """Wait for the checkpoint that is being written, and close the sinks; whatever of it fails."""
        with ExitStack() as closing:
            closing.callback(self.saving.close)
            for sink in (self._dead_letters, self._predictions):
                if sink is not None:
                    closing.callback(sink.close)

    def learn_waiting(self) -> None:
        """Learn the events that wait for a micro-batch to be full, now."""
        self.pipeline.close_block()
        self.saving.outdate()

    def consolidate(self) -> None:
        """Consolidate what is learned by now, on an operator's request."""
        self.pipeline.consolidate()
        self.saving.outdate()

    def finish(self) -> None:
        """Learn what is left, and evaluate, when no event will ever come again."""
        self.pipeline.finish()
        self.saving.outdate()

    def turn(self) -> int:
        """Poll once and see everything through; return how many records came."""
        started = self._clock()
        with self._stopwatch("poll"):
            records = self._source.poll(self._poll_size.max_records, _POLL_SECONDS)
        polled = self._clock()
        if records:
            self._take(records)
        self._linger()
        self._save_if_due()
        done = self._clock()
        self._poll_size.observe(len(records), seconds=done - polled)
        self._report(received=len(records), seconds=done - started)
        return len(records)

    def save(self) -> None:
        """Make the state durable before returning; raise ``StateError`` where that cannot be done."""
        self._tell_saved(self.saving.finish(self._contents()))
        self._report(last=True)

    def _report(self, *, received: int = 0, seconds: float = 0.0, last: bool = False) -> None:
        source = self._source.status()
        work = TurnWork(
            received=received,
            seconds=seconds,
            tallies=self.pipeline.take_tallies(),
            newest_event_seconds=self.pipeline.newest_event_seconds,
        )
        self._telemetry.turn(work, source=source)
        advisor, events = self._telemetry.advisor, self.pipeline.events
        if advisor.due(events):
            advisor.judge(self.pipeline.leads(), events=events)
        if last or self._telemetry.due:
            self._telemetry.show(self._snapshot(source))

    def _snapshot(self, source: SourceStatus) -> Snapshot:
        return self._telemetry.snapshot(self.pipeline.snapshot(), source)

    def _take(self, records: Sequence[Record]) -> None:
        outcome = self.pipeline.process(records)
        with self._stopwatch("publish"):
            self._reject(outcome.rejects, among=max(outcome.events, len(records)))
            if self._predictions is not None:
                self._predictions.write(outcome.predictions)

    def _reject(self, rejects: Sequence[Reject], *, among: int) -> None:
        if rejects and self._dead_letters is not None:
            self._dead_letters.write(rejects)
        self._telemetry.rejected(rejects, kept=self._dead_letters is not None)
        self.reject_limit.observe(rejects, among=among)

    def _linger(self) -> None:
        """Learn a partial block once its first event has waited for long enough."""
        waiting = self.pipeline.waiting
        first = self.pipeline.events - waiting if waiting else None
        if first is None or first != self._first_waiting:
            self._first_waiting, self._waiting_since = first, self._clock()
        elif self.linger_seconds is not None and self._clock() - self._waiting_since >= self.linger_seconds:
            self.learn_waiting()

    def _save_if_due(self) -> None:
        if self.saving.due(self.pipeline.events, snapshot=self._source.snapshot()):
            with self._stopwatch("checkpoint"):
                self.saving.begin(self._contents())
        self._tell_saved(self.saving.settle())

    def _tell_saved(self, attempts: Sequence[Written | StateError]) -> None:
        for attempt in attempts:
            if isinstance(attempt, StateError):
                self._telemetry.checkpoint_failed(attempt)
            else:
                self._telemetry.checkpoint(attempt)

    def _contents(self) -> CheckpointContents:
        """Return what a checkpoint holds, as of now; what it says of predictions is durable already."""
        snapshot = self._source.snapshot()
        state: dict[str, Any] = {"pipeline": self.pipeline.state_dict(), "source": snapshot}
        if self._predictions is not None:
            self._predictions.flush()
            state["predictions"] = self._predictions.state_dict()
        return CheckpointContents(
            state=state,
            events=self.pipeline.events,
            summary=self.pipeline.summary(),
            snapshot=snapshot,
            history=self._telemetry.moment(self._snapshot(self._source.status())),
        )

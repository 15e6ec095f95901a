"""One turn after another: poll, learn, publish, save."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from daemon.loop.poll_size import Pace
from daemon.state.checkpoint_writer import Draft
from daemon.state.state_error import StateError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.decoder import Reject
    from connectors.record import Record
    from connectors.sink import DeadLetters, Predictions
    from connectors.source import Source
    from daemon.learning.pipeline import Pipeline
    from daemon.learning.stopwatch import Stopwatch
    from daemon.loop.reject_limit import Rejections
    from daemon.state.checkpoint_writer import Written
    from daemon.state.saving import Saving
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
        rejections: Rejections,
        telemetry: Telemetry,
        stopwatch: Stopwatch,
        dead_letters: DeadLetters | None = None,
        predictions: Predictions | None = None,
        linger_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pipeline = pipeline
        self.linger_seconds = linger_seconds
        self._source = source
        self._saving = saving
        self._rejections = rejections
        self._telemetry = telemetry
        self._stopwatch = stopwatch
        self._dead_letters = dead_letters
        self._predictions = predictions
        self._clock = clock
        self._pace = Pace()
        self._first_waiting: int | None = None
        self._waiting_since = clock()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up the state of a checkpoint, with a pipeline that is new; the source is opened by the caller."""
        self.pipeline.load_state_dict(state["pipeline"])
        if self._predictions is not None and "predictions" in state:
            self._predictions.load_state_dict(state["predictions"])
        self._saving.resume(self.pipeline.events, snapshot=state["source"])

    def start_over(self, pipeline: Pipeline) -> None:
        """Forget what was learned since the newest checkpoint; ``restore`` is to follow."""
        self._tell_saved(self._saving.wait())
        self.pipeline = pipeline

    def go_on_with(self, pipeline: Pipeline) -> None:
        """Let another pipeline take over, which has taken up the state of this one."""
        assert pipeline.events == self.pipeline.events
        self.pipeline = pipeline

    def learn_waiting(self) -> None:
        """Learn the events that wait for a micro-batch to be full, now."""
        self.pipeline.close_block()
        self._saving.outdate()

    def consolidate(self) -> None:
        """Consolidate what is learned by now, on an operator's request."""
        self.pipeline.consolidate()
        self._saving.outdate()

    def finish(self) -> None:
        """Learn and examine what is left when no event will ever come again."""
        self.pipeline.finish()
        self._saving.outdate()

    def turn(self) -> int:
        """Poll once and see everything through; return how many records came."""
        started = self._clock()
        with self._stopwatch("poll"):
            records = self._source.poll(self._pace.max_records, _POLL_SECONDS)
        polled = self._clock()
        if records:
            self._take(records)
        self._linger()
        self._save_if_due()
        done = self._clock()
        self._pace.observe(len(records), seconds=done - polled)
        self._report(received=len(records), seconds=done - started)
        return len(records)

    def save(self) -> None:
        """Make the state durable before returning; raise ``StateError`` where that cannot be done."""
        self._tell_saved(self._saving.finish(self._now()))
        self._report(last=True)

    def _report(self, *, received: int = 0, seconds: float = 0.0, last: bool = False) -> None:
        status = self._source.status()
        self._telemetry.turn(self.pipeline, source=status, received=received, seconds=seconds, last=last)

    def _take(self, records: Sequence[Record]) -> None:
        outcome = self.pipeline.process(records)
        with self._stopwatch("publish"):
            self._reject(outcome.rejects, among=len(records))
            if self._predictions is not None:
                self._predictions.write(outcome.predictions)

    def _reject(self, rejects: Sequence[Reject], *, among: int) -> None:
        if rejects and self._dead_letters is not None:
            self._dead_letters.write(rejects)
        self._telemetry.rejected(rejects, kept=self._dead_letters is not None)
        self._rejections.observe(rejects, among=among)

    def _linger(self) -> None:
        """Learn a partial block once its first event has waited for long enough."""
        waiting = self.pipeline.waiting
        first = self.pipeline.events - waiting if waiting else None
        if first is None or first != self._first_waiting:
            self._first_waiting, self._waiting_since = first, self._clock()
        elif self.linger_seconds is not None and self._clock() - self._waiting_since >= self.linger_seconds:
            self.learn_waiting()

    def _save_if_due(self) -> None:
        if self._saving.due(self.pipeline.events, snapshot=self._source.snapshot()):
            with self._stopwatch("checkpoint"):
                self._saving.begin(self._now())
        self._tell_saved(self._saving.settle())

    def _tell_saved(self, attempts: Sequence[Written | StateError]) -> None:
        for attempt in attempts:
            if isinstance(attempt, StateError):
                self._telemetry.checkpoint_failed(attempt)
            else:
                self._telemetry.checkpoint(attempt)

    def _now(self) -> Draft:
        """Return what a checkpoint holds, as of now; what it says of predictions is durable already."""
        snapshot = self._source.snapshot()
        state: dict[str, Any] = {"pipeline": self.pipeline.state_dict(), "source": snapshot}
        if self._predictions is not None:
            self._predictions.flush()
            state["predictions"] = self._predictions.state_dict()
        return Draft(
            state=state,
            events=self.pipeline.events,
            summary=self.pipeline.summary(),
            snapshot=snapshot,
            chronicle=self._telemetry.chronicle(self.pipeline, source=self._source.status()),
        )

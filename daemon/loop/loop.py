"""One turn after another: poll, learn, publish, save."""

from __future__ import annotations

import time
from collections import deque
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connectors.decoder import DecoderUnavailableError
from connectors.sink import SinkUnavailableError
from daemon.loop.answered import Answered
from daemon.loop.erased import Erased, is_tombstone
from daemon.loop.outbox import Outbox
from daemon.loop.poll_size import FIRST, PollSize
from daemon.loop.reject_counts import RejectCounts
from daemon.state.checkpoint_writer import CheckpointContents
from daemon.state.state_error import StateError
from daemon.telemetry.snapshot import TurnWork
from strategies.row_holder import Gone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.record import Record
    from connectors.sink import Prediction
    from connectors.source import Source, SourceStatus
    from daemon.learning.any_pipeline import AnyPipeline
    from daemon.learning.pipeline import Outcome
    from daemon.learning.stopwatch import Stopwatch
    from daemon.loop.reject_limit import RejectLimit
    from daemon.serving.snapshots import Snapshots
    from daemon.state.checkpoint_writer import Written
    from daemon.state.saving import Saving
    from daemon.telemetry.snapshot import Snapshot
    from daemon.telemetry.telemetry import Telemetry

_POLL_SECONDS = 0.2
_MOST_UNCONFIRMED = 1_000
"""Where there is no budget, nobody ever speaks for them."""


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
        pipeline: AnyPipeline,
        saving: Saving,
        reject_limit: RejectLimit,
        telemetry: Telemetry,
        stopwatch: Stopwatch,
        outbox: Outbox | None = None,
        snapshots: Snapshots | None = None,
        linger_seconds: float | None = None,
        first_seconds: float | None = None,
        first_poll: int = FIRST,
        tombstones_erase: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.pipeline = pipeline
        self.linger_seconds = linger_seconds
        self.saving = saving
        self.reject_limit = reject_limit
        self._source = source
        self._telemetry = telemetry
        self._stopwatch = stopwatch
        self._snapshots = snapshots
        self._outbox = outbox or Outbox(dead_letters=None, predictions=None)
        self._clock, self._sleep = clock, sleep
        self._owes = True
        self._goes_on = False
        self._saved_sinks: Mapping[str, Any] | None = None
        self._unsaved = ""
        self._poll_size = PollSize(first=first_poll)
        self._first_waiting: dict[str, tuple[int, float]] = {}
        """By target: the number of the first event that waits to be learned, and since when it does."""
        self._first_seconds = first_seconds
        self._held, self._held_since = 0, clock()
        self._rejects = RejectCounts()
        self.answered = Answered(source)
        """What is learned again after the daemon has gone back to an earlier state."""
        self._begun: dict[tuple[str, int], int] = {}
        """From where on nothing is missing of each partition, as far as the pipeline was told."""
        self._unconfirmed: deque[tuple[int, int]] = deque(maxlen=_MOST_UNCONFIRMED)
        """Generations of this process, and the events that each has seen, until an evaluation speaks for them."""
        self.tombstones_erase = tombstones_erase
        self.erased = Erased()
        """What tombstones have erased, of which older generations still know."""

    def resume(self, pipeline: AnyPipeline, state: Mapping[str, Any], *, uncommitted: int | None = None) -> None:
        """Go on from a checkpoint's state, which ``pipeline`` has taken up; the source is opened by the caller.

        ``uncommitted`` is its generation where its positions are still to be committed.
        """
        self.pipeline = pipeline
        self._outbox.load_state_dict(state)
        self._owes = True
        self._saved_sinks = {name: state.get(name) for name in self._outbox.names}
        self.saving.resume(pipeline.events, snapshot=state["source"], uncommitted=uncommitted)
        self.answered = Answered(self._source, state.get("answered"))
        self._goes_on = False
        self._begun = {}
        self._unconfirmed.clear()

    def start_over(self, pipeline: AnyPipeline) -> None:
        """Forget what was learned since the newest checkpoint; ``resume`` is to follow where there is one."""
        self._tell_saved(self.saving.drop())
        self.pipeline, self.erased, self._begun = pipeline, Erased(), {}
        self._unconfirmed.clear()

    def tell_stability(self, stability: float | None) -> None:
        """Show another place of the dial from now on."""
        self._telemetry.stability = stability

    def saved_sinks(self) -> Mapping[str, Any]:
        """Return what the newest checkpoint of this process says of the sinks, by name."""
        return dict(self._saved_sinks or {})

    def go_on_with(self, pipeline: AnyPipeline) -> None:
        """Let another pipeline take over, which has taken up the state of this one."""
        assert pipeline.events == self.pipeline.events
        self.pipeline = pipeline

    def close(self) -> None:
        """Wait for the checkpoint that is being written, and close the sinks; whatever of it fails."""
        with ExitStack() as closing:
            closing.callback(self.saving.close)
            closing.callback(self._outbox.close)

    def learn_waiting(self) -> None:
        """Learn the events that wait for a micro-batch to be full, now."""
        self.pipeline.close_block()
        self.saving.outdate()

    def reopen(self) -> None:
        """Let the sinks take notice of files that were moved away, on an operator's request."""
        self._owes = not self._outbox.settle(0)

    def consolidate(self) -> None:
        """Consolidate what is learned by now, on an operator's request."""
        self.pipeline.consolidate()
        self.saving.outdate()

    def finish(self) -> None:
        """Learn what is left, and evaluate, when no event will ever come again."""
        self._release()
        self.pipeline.finish()
        self.saving.outdate()

    @property
    def owes(self) -> bool:
        """Whether a sink has still to take something before another event may be polled, or all may end."""
        return self._owes

    def sum_up(self) -> None:
        """Say how many events were rejected, and why; raise ``NothingLearnedError`` where that were all."""
        self._rejects.sum_up(learned=self.pipeline.events, held=self.pipeline.held)

    def turn(self) -> int:
        """Poll once and see everything through; return how many records came.

        While a sink takes nothing, that is waited for, and nothing is polled.
        """
        started = self._clock()
        if self._owes and not self._settle():
            self._report(seconds=self._clock() - started)
            return 0
        with self._stopwatch("poll"):
            records = self._source.poll(self._poll_size.max_records, _POLL_SECONDS)
        polled = self._clock()
        self._look_for_gaps()
        if records:
            self._process(records)
        elif not self._goes_on and self._source.status().ready:
            # Now nothing stands against going on from here: what outputs have of what came after it is to go.
            self._outbox.put((), ())
        if not self._goes_on:
            self._goes_on = self._source.status().ready
        self.answered.look()
        self._linger()
        self._save_if_due()
        self._serve()
        done = self._clock()
        if not self.pipeline.held:  # which takes no time, and says nothing of how long it will
            self._poll_size.observe(len(records), seconds=done - polled)
        self._report(received=len(records), seconds=done - started)
        return len(records)

    def save(self, *, within_seconds: float = _POLL_SECONDS) -> None:
        """Make the state durable before returning.

        Raises ``StateError`` where that cannot be done, and ``SinkUnavailableError`` where a sink does not take in
        that time what the state says that it has.
        """
        if not self._outbox.settle(within_seconds):
            raise SinkUnavailableError(self._outbox.why_not_ready or "not all is acknowledged yet")
        self._tell_saved(self.saving.finish(self._contents()))
        self._owes = False
        self._report(last=True)

    def begin(self) -> None:
        """Save a state to go back to before the first event; where a disk does not take anything, a turn will."""
        if self._outbox.settle(_POLL_SECONDS):
            self._try_to_save()

    def _try_to_save(self) -> bool:
        """Save where nothing may be polled before; return whether it is, and else tell why not."""
        before = self._saved_sinks
        try:
            self.save()
        except StateError as error:
            self._saved_sinks, self._owes, self._unsaved = before, True, str(error)
            self._telemetry.checkpoint_failed(error)
        else:
            self._unsaved = ""
        return not self._unsaved

    def _serve(self) -> None:
        """Leave a copy of what was learned to whoever asks, if that is due."""
        if self._snapshots is not None:
            with self._stopwatch("serving"):
                self._snapshots.offer(self.pipeline)

    def _settle(self) -> bool:
        """Return whether the sinks have all that they were given; then save, where that is due."""
        if not self._is_taken():
            return False
        if self._unsaved or self._outbox.is_new_to(self._saved_sinks):
            # What an output has of this state cannot be told from what was there, unless the state knows it.
            self.saving.outdate()
            if self.saving.rests:
                self._owes = True
                self._sleep(_POLL_SECONDS)
                return False
            if not self._try_to_save():
                return False
        self._save_if_due()
        return not self._owes

    def _is_taken(self) -> bool:
        """Return whether the sinks have all that they were given, once they were waited for a moment."""
        with self._stopwatch("publish"):
            self._owes = not self._outbox.settle(_POLL_SECONDS)
        return not self._owes

    def _report(self, *, received: int = 0, seconds: float = 0.0, last: bool = False) -> None:
        source = self._status()
        work = TurnWork(
            received=received,
            seconds=seconds,
            tallies={target: each.take_tallies() for target, each in self.pipeline.by_target.items()},
            newest_event_seconds=self.pipeline.newest_event_seconds,
            odd=self.pipeline.take_odd(),
        )
        self._telemetry.turn(work, source=source)
        self._telemetry.waiting_for(self._outbox.waiting)
        self._telemetry.letters_lost(self._outbox.lost)
        for target, each in self.pipeline.by_target.items():
            self._telemetry.judge(target, each.leads, events=each.events)
        if last or self._telemetry.due:
            self._telemetry.show(self._snapshot(source))

    def _status(self) -> SourceStatus:
        status, reason = self._source.status(), self._outbox.why_not_ready or self._unsaved
        return replace(status, ready=False, reason=reason) if reason else status

    def _snapshot(self, source: SourceStatus) -> Snapshot:
        return self._telemetry.snapshot(self.pipeline.snapshot(), source)

    def _release(self) -> None:
        """Let the first events be processed that are held back, fewer than were to be looked at.

        Where they cannot be decoded now, they stay held back, and the source says why.
        """
        try:
            self.pipeline.prepare(())
        except DecoderUnavailableError:
            return
        self._take(self.pipeline.release(publish=self._publish))
        self.saving.outdate()

    def _publish(self, predictions: list[Prediction]) -> None:
        """Let answers go out before what they are of is learned."""
        with self._stopwatch("publish"):
            self._outbox.publish(self.answered.new(predictions))

    def _take(self, outcome: Outcome) -> None:
        rejects = self.answered.new(outcome.rejects)
        with self._stopwatch("publish"):
            self._outbox.put(rejects, ())
        self._owes = self._outbox.full
        self._telemetry.rejected(rejects, kept=self._outbox.keeps_rejects)
        self._rejects.add(rejects)
        for faults in outcome.faults:
            self.reject_limit.observe(faults)

    def _process(self, records: Sequence[Record]) -> None:
        """Process records in their order; where a tombstone is to erase its key, do so in its turn."""
        start = 0
        for place, record in enumerate(records if self.tombstones_erase else ()):
            if is_tombstone(record):
                if place > start:
                    self._take(self.pipeline.process(records[start:place], publish=self._publish))
                self.erased.add(record, self.pipeline.forget(Gone.of_keys([record.key or b""])))
                start = place + 1
        if start < len(records):
            self._take(self.pipeline.process(records[start:], publish=self._publish))

    def _look_for_gaps(self) -> None:
        """Tell the pipeline where a partition goes on elsewhere than it stood, before it gets what comes then."""
        for part in self._source.status().partitions:
            place = part.topic, part.partition
            before, self._begun[place] = self._begun.get(place), part.begun
            if part.begun in (before, 0):
                continue
            if self.pipeline.held and before is not None:
                self._release()
            self.pipeline.begin_at(*place, part.begun)

    def _linger(self) -> None:
        """Look at what came first, and learn a partial block, once others were waited for long enough."""
        held, now = self.pipeline.held, self._clock()
        if held != self._held:
            self._held, self._held_since = held, now
        elif held and self._first_seconds is not None and now - self._held_since >= self._first_seconds:
            self._release()
        waited = max((self._clock() - since for since in self._waiting_since()), default=0.0)
        if self.linger_seconds is not None and waited >= self.linger_seconds:
            self.learn_waiting()

    def _waiting_since(self) -> list[float]:
        """Return since when a first event of any target waits to be learned."""
        before, now, self._first_waiting = self._first_waiting, self._clock(), {}
        for target, pipeline in self.pipeline.by_target.items():
            if waiting := pipeline.waiting:
                first = pipeline.learned - waiting
                known, since = before.get(target, (-1, now))
                self._first_waiting[target] = first, since if known == first else now
        return [since for _, since in self._first_waiting.values()]

    def _save_if_due(self) -> None:
        wanted = self._source.status().checkpoint_wanted
        due = self.saving.due(self.pipeline.events, snapshot=self._source.snapshot(), wanted=wanted)
        if due and self._is_taken():
            with self._stopwatch("checkpoint"):
                self.saving.begin(self._contents())
        self._tell_saved(self.saving.settle(wanted=wanted))

    def _tell_saved(self, attempts: Sequence[Written | StateError]) -> None:
        for attempt in attempts:
            if isinstance(attempt, StateError):
                self._telemetry.checkpoint_failed(attempt)
            else:
                self._outbox.saved(attempt.sinks)
                self._telemetry.checkpoint(attempt)
                self._unconfirmed.append((attempt.generation, attempt.summary.get("events", 0)))
        self._confirm()

    def _confirm(self) -> None:
        """Note which generation can be gone back to: the newest before an evaluation inside the budget."""
        inside_at, newest = self.pipeline.inside_budget_at, None
        while self._unconfirmed and self._unconfirmed[0][1] <= inside_at:
            newest, _ = self._unconfirmed.popleft()
        if newest is not None:
            self.saving.confirm(newest)

    def _contents(self) -> CheckpointContents:
        """Return what a checkpoint holds, as of now; what it says of the sinks is durable already."""
        snapshot = self._source.snapshot()
        self._saved_sinks = self._outbox.state_dict()
        state: dict[str, Any] = {"pipeline": self.pipeline.state_dict(), "source": snapshot, **self._saved_sinks}
        if self.answered.again:
            state["answered"] = self.answered.state_dict()
        return CheckpointContents(
            state=state,
            events=self.pipeline.events,
            summary=self.pipeline.summary(),
            snapshot=snapshot,
            history=self._telemetry.moment(self._snapshot(self._status())),
            sinks=self._saved_sinks,
        )

"""When a checkpoint is due, and what follows when it is durable."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from daemon.state.state_error import StateError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from daemon.state.checkpoint_writer import CheckpointContents, CheckpointWriter, Written
    from daemon.state.checkpoints import CheckpointStore

_LONGEST_PAUSE_SECONDS = 60.0


class Saving:
    """Hands the state to the writer when it is due; once it is durable, commits the positions it holds.

    Positions are committed only after the state that has learned everything before them is safe: a crash in
    between repeats work, and never loses any. What cannot be written is tried again, after a pause that doubles up
    to a minute: for good, or until more than ``tolerate_failures`` in a row have failed.
    """

    def __init__(
        self,
        writer: CheckpointWriter,
        store: CheckpointStore,
        *,
        every_seconds: float,
        every_events: int | None,
        tolerate_failures: int | None,
        commit: Callable[[Mapping[str, Any]], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._writer = writer
        self._store = store
        self._every_seconds = every_seconds
        self._every_events = every_events
        self._tolerate_failures = tolerate_failures
        self._failed_in_a_row, self._failed_at = 0, 0.0
        self._commit = commit
        self._clock = clock
        self._saved_at = clock()
        self._saved_events = 0
        self._saved_snapshot: Mapping[str, Any] | None = None
        self._uncommitted: tuple[int, Mapping[str, Any]] | None = None
        """The newest durable generation and its positions, until these are committed."""

    def adjust(self, *, every_seconds: float, every_events: int | None, tolerate_failures: int | None) -> None:
        """Save at these intervals and bear so many failures from now on."""
        self._every_seconds, self._every_events = every_seconds, every_events
        self._tolerate_failures = tolerate_failures

    def resume(self, events: int, *, snapshot: Mapping[str, Any], uncommitted: int | None = None) -> None:
        """Count from a saved state that has seen so many events, and stands at these positions.

        ``uncommitted`` is its generation where these are still to be committed.
        """
        self._saved_at, self._saved_events, self._saved_snapshot = self._clock(), events, snapshot
        if uncommitted is not None:
            self._uncommitted = uncommitted, snapshot

    def outdate(self) -> None:
        """Take note that the state has changed without an event: what is saved is no longer all."""
        self._saved_snapshot = None

    @property
    def rests(self) -> bool:
        """Whether writing has failed, and is not to be tried again yet."""
        pause = min(_LONGEST_PAUSE_SECONDS, 2.0 ** min(self._failed_in_a_row - 1, 10))
        return self._failed_in_a_row > 0 and self._clock() - self._failed_at < pause

    def due(self, events: int, *, snapshot: Mapping[str, Any], wanted: bool = False) -> bool:
        """Tell whether a checkpoint is due, something has come since the last one, and the writer is free.

        Positions tell what has come: a record that was rejected, too, moves them. It is due at once where the
        source waits for it (``wanted``). One that failed is due again after its pause.
        """
        if self._writer.busy or snapshot == self._saved_snapshot or self.rests:
            return False
        if wanted or self._failed_in_a_row:
            return True
        if self._every_events is not None and events - self._saved_events >= self._every_events:
            return True
        return self._clock() - self._saved_at >= self._every_seconds

    def confirm(self, generation: int) -> None:
        """Note that a generation was inside the retention budget, so that there is one to go back to."""
        self._store.mark_inside(generation)

    def begin(self, contents: CheckpointContents) -> None:
        """Let the state be written while the loop goes on."""
        if self._writer.submit(contents):
            self.resume(contents.events, snapshot=contents.snapshot)

    def settle(self, *, wanted: bool = False) -> list[Written | StateError]:
        """Commit the positions of what has become durable since the last call; return it, and what failed.

        Where the source waits for it (``wanted``), what could not be committed is tried again. Raises the
        ``StateError`` of one failure too many.
        """
        attempts = [self._settled(attempt) for attempt in self._writer.completed()]
        if wanted and not attempts:
            self._commit_again()
        return attempts

    def wait(self) -> list[Written | StateError]:
        """Settle what is being written, too."""
        self._writer.close()
        return self.settle()

    def drop(self) -> list[Written | StateError]:
        """Wait for what is being written, and commit nothing more of what is durable: it is to be withdrawn."""
        self._writer.close()
        self._uncommitted = None
        return self._writer.completed()

    def close(self) -> None:
        """Wait for what is being written, without committing its positions. May be called twice."""
        self._writer.close()

    def finish(self, contents: CheckpointContents) -> list[Written | StateError]:
        """Wait for what is being written, then write the state as it is now if it has changed since.

        Raises ``StateError`` where that cannot be done: who calls this relies on it.
        """
        attempts = self.wait()
        if contents.snapshot != self._saved_snapshot or not self._store.generations():
            final = self._write_now(contents)
            self.resume(contents.events, snapshot=contents.snapshot)
            attempts.append(self._settled(final))
        elif not attempts:
            self._commit_again()
        return attempts

    def _write_now(self, contents: CheckpointContents) -> Written:
        try:
            return self._writer.write_now(contents)
        except StateError:
            self._take_note_of_failure()
            raise

    def _take_note_of_failure(self) -> None:
        self.outdate()
        self._failed_in_a_row += 1
        self._failed_at = self._clock()

    def _settled(self, attempt: Written | StateError) -> Written | StateError:
        if isinstance(attempt, StateError):
            self._take_note_of_failure()
            if self._tolerate_failures is not None and self._failed_in_a_row > self._tolerate_failures:
                raise attempt
            return attempt
        self._failed_in_a_row = 0
        self._uncommitted = attempt.generation, attempt.snapshot
        self._commit_again()
        return attempt

    def _commit_again(self) -> None:
        if self._uncommitted is not None:
            generation, snapshot = self._uncommitted
            # Where the disk does not take the note, positions are committed again with the next checkpoint.
            with suppress(StateError):
                if self._commit(snapshot):
                    self._store.mark_committed(generation)
                    self._uncommitted = None

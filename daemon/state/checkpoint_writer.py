"""Makes checkpoints durable while the loop goes on."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from daemon.state.state_error import StateError
from daemon.state.state_tree import FlatState, copy_tree, flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from daemon.state.checkpoints import CheckpointStore


@dataclass(frozen=True, slots=True)
class Draft:
    """What a checkpoint is to hold, all of one moment."""

    state: Mapping[str, Any]
    """It may be the living one."""
    events: int
    """Those that the state has seen."""
    summary: Mapping[str, Any]
    snapshot: Mapping[str, Any]
    """The source's positions that belong to the state."""
    chronicle: Callable[[], str] | None = None
    """Makes the JSON that is kept beside the state; called on the thread that writes."""


@dataclass(frozen=True, slots=True)
class Written:
    """A checkpoint that is durable."""

    generation: int
    seconds: float
    """What writing it took."""
    bytes: int
    """Of the tensors and arrays."""
    summary: Mapping[str, Any]
    snapshot: Mapping[str, Any]
    """The source's positions that the checkpoint holds, to be committed now."""


class CheckpointWriter:
    """Writes one checkpoint at a time on a thread of its own; its methods are called from the loop's thread.

    A ``StateError`` of that thread is among what ``completed`` returns: whether it can be borne is not the writer's
    to say. Any other error is raised by the next call of any method but ``busy``.
    """

    def __init__(self, store: CheckpointStore, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._flight: Future[Written] | None = None
        self._landed: list[Written | StateError] = []
        self._frozen: FlatState | None = None

    @property
    def busy(self) -> bool:
        """Whether a checkpoint is being written."""
        return self._flight is not None and not self._flight.done()

    def submit(self, draft: Draft) -> bool:
        """Begin to write a draft, or do nothing and return False while the last one is being written.

        It is copied before this returns, its state into memory that is used again and again.
        """
        if self.busy:
            return False
        self._collect()
        self._frozen = flatten(draft.state).copy(reuse=self._frozen)
        kept = replace(draft, state={}, summary=copy_tree(draft.summary), snapshot=copy_tree(draft.snapshot))
        self._flight = Future()
        # A daemon thread: a process that is told to stop at once does not wait for it.
        threading.Thread(
            target=self._run,
            args=(self._flight, self._frozen, kept),
            name="checkpoint-writer",
            daemon=True,
        ).start()
        return True

    def completed(self) -> list[Written | StateError]:
        """Return what has become durable since the last call, or why not, oldest first; does not wait."""
        if not self.busy:
            self._collect()
        landed, self._landed = self._landed, []
        return landed

    def write_now(self, draft: Draft) -> Written:
        """Wait for the checkpoint that is being written, then write the draft on this thread.

        Raises ``StateError`` where it cannot be written.
        """
        self._collect()
        return self._write(flatten(draft.state), draft)

    def close(self) -> None:
        """Wait for the checkpoint that is being written; ``completed`` then has it. May be called twice."""
        self._collect()

    def _collect(self) -> None:
        flight, self._flight = self._flight, None
        if flight is not None:
            try:
                self._landed.append(flight.result())
            except StateError as error:
                self._landed.append(error)

    def _run(self, flight: Future[Written], frozen: FlatState, draft: Draft) -> None:
        try:
            flight.set_result(self._write(frozen, draft))
        except BaseException as error:  # noqa: BLE001 - whatever it is, the loop's thread raises it
            flight.set_exception(error)

    def _write(self, flat: FlatState, draft: Draft) -> Written:
        started = self._clock()
        chronicle = None if draft.chronicle is None else draft.chronicle()
        generation = self._store.write(flat, draft.summary, chronicle=chronicle)
        return Written(
            generation=generation,
            seconds=self._clock() - started,
            bytes=sum(leaf.nbytes for leaf in flat.leaves.values()),
            summary=draft.summary,
            snapshot=draft.snapshot,
        )

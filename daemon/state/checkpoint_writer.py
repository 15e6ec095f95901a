"""Makes checkpoints durable while the loop goes on."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from daemon.state.state_error import StateError
from daemon.state.state_tree import FlatState, copy_tree, flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from daemon.state.checkpoints import CheckpointStore


class Document(Protocol):
    """An immutable value that is made into JSON where it is written, on whichever thread."""

    def json(self) -> str:
        """Return it as a JSON object."""


@dataclass(frozen=True, slots=True)
class CheckpointContents:
    """What a checkpoint is to hold, all of one moment."""

    state: Mapping[str, Any]
    """It may be the living one."""
    events: int
    """Those that the state has seen."""
    summary: Mapping[str, Any]
    snapshot: Mapping[str, Any]
    """The source's positions that belong to the state."""
    history: Document | None = None
    """The run history, which is kept with the state but is no part of it."""
    sinks: Mapping[str, Any] = field(default_factory=dict)
    """What the state says of the sinks, by name."""


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
    sinks: Mapping[str, Any] = field(default_factory=dict)
    """What it says of the sinks, by name."""


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

    def submit(self, contents: CheckpointContents) -> bool:
        """Begin to write a checkpoint, or do nothing and return False while the last one is being written.

        It is copied before this returns, its state into memory that is used again and again.
        """
        if self.busy:
            return False
        self._collect()
        self._frozen = flatten(contents.state).copy(reuse=self._frozen)
        kept = replace(
            contents, state={}, summary=copy_tree(contents.summary), snapshot=copy_tree(contents.snapshot)
        )
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

    def write_now(self, contents: CheckpointContents) -> Written:
        """Wait for the checkpoint that is being written, then write the contents on this thread.

        Raises ``StateError`` where it cannot be written.
        """
        self._collect()
        return self._write(flatten(contents.state), contents)

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

    def _run(self, flight: Future[Written], frozen: FlatState, contents: CheckpointContents) -> None:
        try:
            flight.set_result(self._write(frozen, contents))
        except BaseException as error:  # noqa: BLE001 - whatever it is, the loop's thread raises it
            flight.set_exception(error)

    def _write(self, flat: FlatState, contents: CheckpointContents) -> Written:
        started = self._clock()
        history = None if contents.history is None else contents.history.json()
        generation = self._store.write(flat, contents.summary, history=history)
        return Written(
            generation=generation,
            seconds=self._clock() - started,
            bytes=sum(leaf.nbytes for leaf in flat.leaves.values()),
            summary=contents.summary,
            snapshot=contents.snapshot,
            sinks=contents.sinks,
        )

"""Which events were put back: a file of the state directory that says so before and after each batch."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from connectors.kept_letter import EventId
from daemon.state.durable import sync_directory
from daemon.state.own_places import put_back_path
from daemon.state.state_error import DamagedError, StateError, state_io

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that are put back together."""

    number: int
    """From 1."""
    at: float
    """Unix time at which it was begun."""
    to: str
    """The file that they are put into; empty for the topics of the source."""
    events: tuple[EventId, ...]


class Journal:
    """``DIRECTORY/put_back.jsonl``: a line when a batch begins, with its events, and one when it is in the stream.

    A batch that has the first line alone is ``open_batch``: whoever wrote it was killed, and the stream alone can
    tell. The file holds places of events, and neither keys nor values. As a context it is locked against others.
    Raises ``StateError``.
    """

    def __init__(
        self, directory: Path, *, reads_only: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        """Take where it is; one that ``reads_only`` changes nothing and locks nobody out."""
        self._path = put_back_path(directory)
        self._reads_only = reads_only
        self._clock = clock
        self._descriptor: int | None = None
        self.id = ""
        self.done: set[EventId] = set()
        self.open_batch: Batch | None = None
        self.number = 0
        """Of the newest batch that is in the stream."""
        self._last = 0

    def __enter__(self) -> Self:
        if self._reads_only:
            with state_io(self._path, "read"):
                self._take_all(self._path.read_bytes() if self._path.exists() else b"")
            return self
        new = not self._path.exists()
        with state_io(self._path, "open"):
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._lock(self._descriptor)
            if new:
                sync_directory(self._path.parent)
        self._read(self._descriptor)
        if not self.id:
            self._add({"id": secrets.token_hex(8)})
        return self

    def __exit__(self, *_: object) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def mark(self, number: int) -> str:
        """Return what a batch is known by in the stream."""
        return f"{self.id}/{number}"

    def begin(self, events: Sequence[EventId], *, to: str) -> Batch:
        """Say, durably, that these are about to be put back."""
        assert self.open_batch is None
        batch = Batch(self._last + 1, self._clock(), to, tuple(events))
        self._add({"batch": batch.number, "at": batch.at, "to": to, "events": [list(each) for each in events]})
        return batch

    def end(self, batch: Batch, *, is_in: bool) -> None:
        """Say whether an open batch is in the stream."""
        self._add({"done" if is_in else "dropped": batch.number})

    def _add(self, entry: dict[str, Any]) -> None:
        assert self._descriptor is not None
        with state_io(self._path, "write"):
            line = json.dumps(entry).encode() + b"\n"
            if os.write(self._descriptor, line) != len(line):
                raise OSError(None, "the disk did not take all of it")
            os.fsync(self._descriptor)
        self._take(entry)

    def _lock(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StateError(f"{self._path} is in use: another `retaind dead-letters replay` runs") from error

    def _read(self, descriptor: int) -> None:
        with state_io(self._path, "read"), os.fdopen(os.dup(descriptor), "rb") as file:
            file.seek(0)
            content = file.read()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):  # a crash has cut it short: its batch was not begun
                os.ftruncate(descriptor, whole)
        self._take_all(content)

    def _take_all(self, content: bytes) -> None:
        whole = content[: content.rfind(b"\n") + 1]
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError, AssertionError) as error:
                raise DamagedError(
                    f"{self._path}:{number} is no line of this journal: restore it, since it says what was put back"
                ) from error

    def _take(self, entry: dict[str, Any]) -> None:
        if "id" in entry:
            self.id = entry["id"]
        elif "batch" in entry:
            assert self.open_batch is None
            events = tuple(EventId(*each) for each in entry["events"])
            self.open_batch = Batch(entry["batch"], entry["at"], entry["to"], events)
            self._last = entry["batch"]
        else:
            self._close(entry)

    def _close(self, entry: dict[str, Any]) -> None:
        batch, self.open_batch = self.open_batch, None
        assert batch is not None
        if "done" in entry:
            self.done.update(batch.events)
            self.number = batch.number

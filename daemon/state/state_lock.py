"""One process a state directory."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from typing import TYPE_CHECKING, Self, TextIO

from daemon.state.durable import make_directory
from daemon.state.state_error import StateError, state_io

if TYPE_CHECKING:
    from pathlib import Path


def lock_path(directory: Path) -> Path:
    """Return where the lock of a state directory is."""
    return directory / "lock"


class StateLock:
    """An exclusive lock on a state directory, held from construction to ``release`` or the process's end.

    It is ``flock`` on ``DIRECTORY/lock``; the file stays, and names the process that has locked it last. Raises
    ``StateError`` where another process holds it, with that process's number.
    """

    def __init__(self, directory: Path) -> None:
        self._path = lock_path(directory)
        with state_io(self._path, "lock"):
            make_directory(directory)
            self._file = self._path.open("a+", encoding="utf-8")
            try:
                self._acquire()
            except BaseException:
                self._file.close()
                raise

    def release(self) -> None:
        """Let others in. May be called twice."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _acquire(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateError(
                f"{self._path.parent} is in use by {owner(self._file)}; stop that process, or give this one "
                "another checkpoint.directory"
            ) from None
        self._file.truncate(0)
        json.dump({"pid": os.getpid(), "host": socket.gethostname()}, self._file)
        self._file.flush()


def owner(file: TextIO) -> str:
    """Return who has locked the file; it is written after it is locked, so it may not be there yet."""
    try:
        file.seek(0)
        owner = json.loads(file.read(1000))
        return f"process {owner['pid']} on {owner['host']}"
    except (ValueError, KeyError, TypeError):
        return "another process"

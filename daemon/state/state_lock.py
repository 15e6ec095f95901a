"""One process a state directory."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Self, TextIO

from daemon.state.durable import make_directory
from daemon.state.state_error import StateError, state_io

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def lock_path(directory: Path) -> Path:
    """Return where the lock of a state directory is."""
    return directory / "lock"


class StateLock:
    """An exclusive lock on a state directory, held from construction to ``release`` or the process's end.

    It is ``flock`` on the directory itself, which nobody deletes under a process, and on ``DIRECTORY/lock``; that
    file stays, and names the process that has locked it last. A file system that cannot lock directories (NFS) has
    the file's lock alone. Raises ``StateError`` where another process holds one, with that process's number.
    """

    def __init__(self, directory: Path) -> None:
        self._path = lock_path(directory)
        with state_io(self._path, "lock"):
            make_directory(directory)
            with ExitStack() as undo:
                self._directory = undo.enter_context(open_directory(directory))
                self._file = undo.enter_context(self._path.open("a+", encoding="utf-8"))
                self._acquire()
                self._held = undo.pop_all()

    def release(self) -> None:
        """Let others in. May be called twice."""
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _acquire(self) -> None:
        try:
            lock_directory(self._directory, fcntl.LOCK_EX)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateError(
                f"{self._path.parent} is in use by {owner(self._file)}; stop that process, or give this one "
                "another checkpoint.directory"
            ) from None
        # The locks hold without the note, which a full disk does not take.
        note = json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode()
        with suppress(OSError):
            os.ftruncate(self._file.fileno(), 0)
            os.write(self._file.fileno(), note)


@contextmanager
def open_directory(directory: Path) -> Iterator[int]:
    """Open a directory to lock it. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def lock_directory(descriptor: int, kind: int) -> None:
    """Lock an open directory, or do nothing where its file system has no such locks.

    Raises ``BlockingIOError`` where another process holds it.
    """
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in {errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}:
            raise


def owner(file: TextIO) -> str:
    """Return who has locked the file; it is written after it is locked, so it may not be there yet."""
    try:
        file.seek(0)
        owner = json.loads(file.read(1000))
        return f"process {owner['pid']} on {owner['host']}"
    except (ValueError, KeyError, TypeError):
        return "another process"

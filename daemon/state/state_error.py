"""What goes wrong with the state directory, said with the path and the remedy."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_REMEDIES = {
    errno.ENOSPC: "free some space there, or lower checkpoint.keep",
    errno.EDQUOT: "raise this user's disk quota, or lower checkpoint.keep",
    errno.EFBIG: "raise the limit on the size of a file (ulimit -f, LimitFSIZE=)",
    errno.EACCES: "let the user that retaind runs as read and write it",
    errno.EPERM: "let the user that retaind runs as read and write it",
    errno.EROFS: "mount it writable (under systemd: StateDirectory= or ReadWritePaths=)",
    errno.ENOTDIR: "point checkpoint.directory at a directory",
    errno.EEXIST: "point checkpoint.directory at a directory",
    errno.ENOENT: "check checkpoint.directory",
    errno.EIO: "check the disk",
}


class StateError(Exception):
    """The state directory could not be used; the message names the path and the remedy. The process exits 74."""


class DamagedError(StateError):
    """A checkpoint is not what was written: cut short, changed or forged."""


@contextmanager
def state_io(path: Path, doing: str) -> Iterator[None]:
    """Turn an ``OSError`` of the block into a ``StateError``: "cannot {doing} {path}", the reason, the remedy."""
    try:
        yield
    except OSError as error:
        where = error.filename or path
        remedy = _REMEDIES.get(error.errno or 0, "check the disk and its permissions")
        raise StateError(f"cannot {doing} {where}: {error.strerror or error}; {remedy}") from error

"""Appending to an open file, so that what is there is whole and on the disk."""

from __future__ import annotations

import errno
import os
from pathlib import Path


def write_whole(descriptor: int, data: bytes) -> None:
    """Append all of it or, where there is no room, nothing. Raises OSError."""
    before = os.fstat(descriptor).st_size
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except OSError:
        if os.fstat(descriptor).st_size > before:
            os.ftruncate(descriptor, before)
        raise


def fsync(descriptor: int) -> None:
    """Return when the disk has the file; of what is no file, at once. Raises OSError."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # fsync(2): a special file, which has nothing to make durable
            raise


def is_at(descriptor: int, path: str) -> bool:
    """Whether an open file is still the one at this path."""
    try:
        return Path(path).stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False


def sync_directory(directory: Path) -> None:
    """Return when the disk has the directory's entries. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

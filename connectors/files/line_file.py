"""A file of whole lines that is appended to, made durable on request, and can be cut back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterable


class LineFile:
    """Opens at first use; a line cut short by a crash is ended, so that what follows is readable."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._file: BinaryIO | None = None

    def append(self, lines: Iterable[bytes]) -> None:
        """Write lines, each given without its line end. Raises OSError."""
        self._opened().write(b"".join(line + b"\n" for line in lines))

    def sync(self) -> None:
        """Return when all that was appended survives a power failure."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())

    def size(self) -> int:
        """Return the size of the file in bytes, with what is appended but not yet flushed."""
        if self._file is not None:
            return self._file.tell()
        return self._path.stat().st_size if self._path.exists() else 0

    def cut(self, size: int) -> None:
        """Cut the file back to a size that it had before. Raises OSError."""
        file = self._opened()
        file.flush()
        file.truncate(size)
        file.seek(0, os.SEEK_END)
        self.sync()

    def close(self) -> None:
        """Sync and close; may be called twice."""
        if self._file is not None:
            self.sync()
            self._file.close()
            self._file = None

    def _opened(self) -> BinaryIO:
        if self._file is None:
            new = not self._path.exists()
            self._file = self._path.open("ab")
            self._file.seek(0, os.SEEK_END)
            if new:
                _sync_directory(self._path.parent)
            elif not _ends_a_line(self._path):
                self._file.write(b"\n")
        return self._file


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

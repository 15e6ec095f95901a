"""Files that are on the disk, whole, when the call returns, and their checksums."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, BinaryIO

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_PIECE_BYTES = 1 << 20  # small enough to be hashed out of the processor's cache right after it was written


class StoredFile(BaseModel):
    """What a file must be: its size in bytes and its SHA-256, so that ``sha256sum`` can check it too."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")

    def check(self, found: StoredFile) -> None:
        """Raise ``ValueError`` where a file is another one than this."""
        if found.bytes != self.bytes:
            raise ValueError(f"has {found.bytes} bytes instead of {self.bytes}")
        if found != self:
            raise ValueError(f"has the checksum {found.sha256[:12]} instead of {self.sha256[:12]}")


def write_file(path: Path, chunks: Iterable[bytes | memoryview]) -> StoredFile:
    """Write a new file from byte buffers, without copying them, and return when the disk has it."""
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        for piece in _pieces(chunks):
            file.write(piece)
            digest.update(piece)
            size += len(piece)
        file.flush()
        os.fsync(file.fileno())
        # What is read back to verify then comes from the disk, and the page cache stays free for others.
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return StoredFile(bytes=size, sha256=digest.hexdigest())


def measure(content: bytes) -> StoredFile:
    """Return the size and checksum of what was read."""
    return StoredFile(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def measure_file(path: Path) -> StoredFile:
    """Return the size and checksum that a file has, reading it piece by piece."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        return StoredFile(bytes=size, sha256=hashlib.file_digest(file, "sha256").hexdigest())


def read_file(path: Path, *, max_bytes: int) -> bytes:
    """Return the content of a file; ``ValueError`` where it is longer than ``max_bytes``."""
    with path.open("rb") as file:
        content = _read_up_to(file, max_bytes + 1)
    if len(content) > max_bytes:
        raise ValueError(f"is longer than {max_bytes} bytes")
    return content


def make_directory(path: Path) -> None:
    """Make a directory and its parents, durably; nothing happens where it exists."""
    if not path.is_dir():
        make_directory(path.parent)
        path.mkdir(exist_ok=True)
        sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Return when the disk has the directory's entries."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pieces(chunks: Iterable[bytes | memoryview]) -> Iterator[memoryview]:
    for chunk in chunks:
        view = memoryview(chunk)
        for start in range(0, len(view), _PIECE_BYTES):
            yield view[start : start + _PIECE_BYTES]


def _read_up_to(file: BinaryIO, size: int) -> bytes:
    # Asked for no more than there is: read(size) reserves all of it.
    return file.read(min(size, os.fstat(file.fileno()).st_size + 1))

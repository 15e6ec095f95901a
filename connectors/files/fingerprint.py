"""Tells by its bytes whether a file is the one that was known: a copy from a backup is, whatever its inode."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

SPAN_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The SHA-256 of some bytes of a file, and where they are; of no bytes it says nothing."""

    start: int
    bytes: int
    sha256: str

    @classmethod
    def before(cls, path: str, position: int) -> Self:
        """Return that of the last 4 KiB before a position. Raises OSError."""
        with Path(path).open("rb") as file:
            return cls.of_open(file.fileno(), position)

    @classmethod
    def of_open(cls, descriptor: int, position: int) -> Self:
        """Return that of the last 4 KiB before a position of an open file. Raises OSError."""
        start = max(0, position - SPAN_BYTES)
        return cls(start, position - start, _digest(descriptor, start, position - start))

    @classmethod
    def of_head(cls, path: str) -> Self:
        """Return that of the first 4 KiB. Raises OSError."""
        with Path(path).open("rb") as file:
            size = min(SPAN_BYTES, os.fstat(file.fileno()).st_size)
            return cls(0, size, _digest(file.fileno(), 0, size))

    @classmethod
    def of_json(cls, saved: Mapping[str, Any]) -> Self:
        """Return what ``to_json`` made JSON of."""
        return cls(**saved)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    def found_in(self, path: str) -> bool:
        """Whether the file has these bytes in that place; a file that cannot be read has not."""
        try:
            with Path(path).open("rb") as file:
                return self.is_in(file.fileno())
        except OSError:
            return False

    def is_in(self, descriptor: int) -> bool:
        """Whether an open file has these bytes in that place. Raises OSError."""
        return _digest(descriptor, self.start, self.bytes) == self.sha256


def _digest(descriptor: int, start: int, size: int) -> str:
    return hashlib.sha256(os.pread(descriptor, size, start)).hexdigest()

"""How far one file was read."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from connectors.files.fingerprint import Fingerprint

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class FileEnd:
    """What the file system says of a file whose end was reached."""

    size: int
    inode: int
    changed_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """Return what ``stat`` says."""
        return cls(status.st_size, status.st_ino, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class FilePlace:
    """The next record of a file, and how to know the file again."""

    path: str
    nth: int = 0
    """Which of the entries with this path, where the list has it several times."""
    records: int = 0
    """Records that were delivered."""
    bytes: int = 0
    """Where the line after the last whole one begins, in what gzip holds where it is gzip; -1: not known."""
    unended: int = 0
    """Bytes of a last line that was delivered though it had no end."""
    end: FileEnd | None = None
    """The file when its end was reached; None: it was not reached yet."""
    fingerprint: Fingerprint | None = None
    """Of what was read last; None: not known."""

    @classmethod
    def of_json(cls, saved: Mapping[str, Any]) -> Self:
        """Return what ``to_json`` made JSON of."""
        known, end = saved["fingerprint"], saved["end"]
        return cls(
            **{
                **saved,
                "fingerprint": None if known is None else Fingerprint.of_json(known),
                "end": None if end is None else FileEnd(**end),
            }
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    @property
    def key(self) -> tuple[str, int]:
        """What it is found by."""
        return self.path, self.nth

    def is_in(self, path: str) -> bool:
        """Whether the file at a path is the one that was read so far, as its bytes say."""
        return Path(path).is_file() and (self.fingerprint is None or self.fingerprint.found_in(path))

    @property
    def is_known(self) -> bool:
        """Whether anything is known by which to know the file under another name."""
        return self.fingerprint is not None and self.fingerprint.bytes > 0

    def was_renamed_to(self, path: str) -> bool:
        """Whether the file at a path is the one that was read to its end, under another name.

        Bytes alone do not tell: files that are alike may come one after another.
        """
        if self.end is None or not self.is_in(path):
            return False
        now = FileEnd.of(Path(path).stat())
        return now.inode == self.end.inode and (now.size > self.end.size or now == self.end)

    def has_grown_as(self, path: str) -> bool:
        """Whether the file at a path is the one that was read to its end, or a copy of it, with more behind."""
        if self.end is None or not self.is_known or not self.is_in(path):
            return False
        return Path(path).stat().st_size > self.end.size

    def ended(self, end: FileEnd) -> FilePlace:
        """Return the same place as the end of what the file has."""
        return replace(self, end=end)

    def restarted(self) -> FilePlace:
        """Return the start of the same file."""
        return FilePlace(self.path, self.nth)

    def moved(self, path: str, nth: int) -> FilePlace:
        """Return the same place of the same file under another name."""
        return replace(self, path=path, nth=nth)

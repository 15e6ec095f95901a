"""Puts events back as a new file that the source reads: it is there whole, or not at all."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.files.appending import sync_directory
from connectors.files.source_options import FileEntry, topic_of
from connectors.put_back import PutBackError
from connectors.record import FILE_START
from connectors.source import SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.files.source_options import FileSourceOptions
    from connectors.kept_letter import KeptLetter

_TASK = "task"


class FilePutBack:
    """Writes the events of one topic, a line each, into a file that there was not.

    The file is written under another name beside it, and gets its own when the journal knows of it: ``finish`` does
    that for a process that was killed. ``heading`` is its first line, for columns that a header names. Raises
    ``PutBackError`` where the source would not read the file, or it is there.
    """

    most = 1 << 62

    def __init__(self, source: FileSourceOptions, path: Path, *, heading: bytes = b"") -> None:
        self.to = str(path.absolute())
        self._entry = _entry_of(source, path)
        self._csv = source.format == "csv"
        self._heading = heading
        if source.format == "idx" or self._entry.labels is not None:
            raise PutBackError("images of IDX files cannot be put back as lines: mend the file itself")
        if path.suffix == ".gz":
            raise PutBackError(f"{path}: the file is written plain; name it without .gz")
        if path.exists():
            raise PutBackError(f"{path} is there already; name another file that source.path matches")
        if not path.parent.is_dir():
            raise PutBackError(f"{path}: there is no folder {path.parent}; make it")

    @property
    def topic(self) -> str:
        """The topic that the file's records have."""
        return topic_of(self.to, self._entry.topic)

    def refuses(self, letter: KeptLetter) -> str:
        """Return why a line of the file would not be the event: it has no key, time or headers of its own."""
        record = letter.record
        given = [(name, value) for name, value in record.headers if name != FILE_START]
        if letter.index >= 0:
            return "one event of a message of several, which no line can be"
        if record.topic != self.topic:
            return (
                f"of topic {record.topic}, and the file would be of {self.topic}: name one {record.topic}.….{{ext}}"
            )
        if given != ([] if self._entry.task is None else [(_TASK, self._entry.task.encode())]):
            return "its headers are not those of the file's records"
        if record.key is not None:
            return "it has a key, which no line has"
        if b"\n" in (record.value or b"") and not self._csv:
            return "it holds a line break"
        return ""

    def newest_mark(self) -> str:
        """Return nothing: what was begun is finished, and has no other mark."""
        return ""

    def prepare(self, letters: Sequence[KeptLetter]) -> None:
        """Write the file under another name, durably."""
        lines = [*([self._heading] if self._heading else []), *(each.record.value or b"" for each in letters)]
        try:
            with _temporary(Path(self.to)).open("wb") as file:
                file.write(b"".join(line + b"\n" for line in lines))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise SourceUnavailableError(f"{self.to} cannot be written: {error}") from error

    def put(self, letters: Sequence[KeptLetter], *, mark: str, positions: dict[int, int]) -> None:
        """Give the file its name."""
        self.finish(self.to)

    @staticmethod
    def finish(to: str) -> None:
        """Give a file its name that the journal knows of, where that has not happened yet."""
        path = Path(to)
        temporary = _temporary(path)
        try:
            if temporary.exists():
                if not (path.exists() and path.samefile(temporary)):
                    os.link(temporary, path)
                    sync_directory(path.parent)
                temporary.unlink()
                sync_directory(path.parent)
        except FileExistsError as error:
            raise PutBackError(
                f"{path} was made by somebody else meanwhile; move it away, and run the command again"
            ) from error
        except OSError as error:
            raise SourceUnavailableError(f"{path} cannot be written: {error}; run the command again") from error

    def close(self) -> None:
        """Nothing is to be released."""


def _entry_of(source: FileSourceOptions, path: Path) -> FileEntry:
    given = (source.path,) if isinstance(source.path, str) else source.path
    entries = [FileEntry(path=each) if isinstance(each, str) else each for each in given]
    for entry in entries:
        if _matches(path.absolute().parts, Path(entry.path).expanduser().absolute().parts):
            common = {"labels": source.labels, "task": source.task, "topic": source.topic}
            return entry.model_copy(update={n: v for n, v in common.items() if getattr(entry, n) is None})
    named = ", ".join(entry.path for entry in entries[:5])
    raise PutBackError(
        f"{path}: source.path ({named}) does not match it, so nobody would read it; name a file that it matches,"
        " or add this one to source.path first"
    )


def _matches(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return _matches(parts, pattern[1:]) or (bool(parts) and _matches(parts[1:], pattern))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.put-back")

"""Takes the lines of some keys out of a file of dead letters."""

from __future__ import annotations

import os
import shutil
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from connectors.files.appending import sync_directory
from connectors.files.fingerprint import Fingerprint
from connectors.records_of_keys import tells_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class NotTheFileError(ValueError):
    """The file is another one than the state knows."""


class ErasedLines:
    """The file of a sink's ``state`` without the dead letters of some keys, beside it until it takes its place.

    What lies beyond the length in the state is no part of it, and is left out. Interrupted between a checkpoint
    that knows the new file and ``take_place``, it is to be finished by ``finish``, with that checkpoint's state.
    Raises ``NotTheFileError`` where the file is not the one that the state knows; and OSError.
    """

    def __init__(self, state: Mapping[str, Any], keys: Collection[bytes]) -> None:
        self._path = Path(state["path"])
        self._temporary = _temporary(self._path)
        self.erased, self._changes = 0, False
        self.state = dict(state)
        """Of the sink, as it fits the new file."""
        if not state["bytes"]:
            return
        is_of = tells_of(keys)
        content = _known_bytes(self._path, state)
        lines = content.splitlines(keepends=True)
        kept = [line for line in lines if not is_of(*_record_of(line))]
        self.erased = len(lines) - len(kept)
        # What is beyond is of a process that was killed, and comes again.
        self._changes = bool(self.erased) or self._path.stat().st_size > len(content)
        if self._changes:
            self._write(b"".join(kept))

    def take_place(self) -> None:
        """Let the new file have the name of the old one."""
        if self._changes:
            self._temporary.replace(self._path)
            sync_directory(self._path.parent)

    @staticmethod
    def finish(state: Mapping[str, Any]) -> None:
        """Let a file take its place that a checkpoint knows already; remove one that none knows."""
        temporary = _temporary(Path(state["path"]))
        if temporary.exists():
            if temporary.stat().st_ino == state["inode"]:
                temporary.replace(state["path"])
            else:
                temporary.unlink()
            sync_directory(temporary.parent)

    def _write(self, content: bytes) -> None:
        with self._temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(self._path, self._temporary)
        with self._temporary.open("rb") as file:
            known = Fingerprint.of_open(file.fileno(), len(content)).to_json()
            inode = os.fstat(file.fileno()).st_ino
        self.state |= {"inode": inode, "bytes": len(content), "fingerprint": known}


def _known_bytes(path: Path, state: Mapping[str, Any]) -> bytes:
    size, known = int(state["bytes"]), state["fingerprint"]
    with path.open("rb") as file:
        if known is None or os.fstat(file.fileno()).st_size < size:
            raise NotTheFileError(f"{path} is not the file that the checkpoint knows: see to it by hand")
        if not Fingerprint.of_json(known).is_in(file.fileno()):
            raise NotTheFileError(f"{path} is not the file that the checkpoint knows: see to it by hand")
        return file.read(size)


def _record_of(line: bytes) -> tuple[bytes | None, bytes | None]:
    try:
        letter = orjson.loads(line)
        key, value = (letter[name] for name in ("key", "value"))
        return None if key is None else b64decode(key), None if value is None else b64decode(value)
    except (ValueError, KeyError, TypeError):
        return None, line


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.erasing")

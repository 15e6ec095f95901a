"""A request for erasure that has begun and is not done: what a killed process leaves to the next."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.state.durable import read_file, sync_directory, write_file
from daemon.state.state_error import DamagedError, state_io

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 1 << 26


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """Which keys, and who has asked."""

    keys: tuple[bytes, ...]
    by: str
    rows_are_gone: bool = False
    """Whether the newest generation is without them, or that before a tombstone, which will come again."""

    @staticmethod
    def path(directory: Path) -> Path:
        """Return where it is kept; it holds the keys themselves, until it is done."""
        return directory / "erasing.json"

    def begin(self, directory: Path) -> None:
        """Keep it, durably."""
        path = self.path(directory)
        saved = {"by": self.by, "keys": [key.hex() for key in self.keys], "rows_are_gone": self.rows_are_gone}
        text = json.dumps(saved)
        with state_io(path, "write"):
            temporary = path.with_name(f".{path.name}")
            temporary.unlink(missing_ok=True)
            write_file(temporary, [text.encode()])
            temporary.chmod(0o600)
            temporary.rename(path)
            sync_directory(directory)

    @staticmethod
    def pending(directory: Path) -> ErasureRequest | None:
        """Return the one that was begun and not done."""
        path = ErasureRequest.path(directory)
        with state_io(path, "read"):
            if not path.exists():
                return None
            content = read_file(path, max_bytes=_MOST_BYTES)
        try:
            saved = json.loads(content)
            keys = tuple(bytes.fromhex(key) for key in saved["keys"])
            return ErasureRequest(keys, saved["by"], rows_are_gone=saved["rows_are_gone"])
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedError(f"{path} is no request for erasure ({error}); remove it and ask again") from error

    @staticmethod
    def done(directory: Path) -> None:
        """Keep it no longer."""
        path = ErasureRequest.path(directory)
        with state_io(path, "remove"):
            path.unlink(missing_ok=True)
            sync_directory(directory)

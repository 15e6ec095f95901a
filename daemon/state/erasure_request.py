"""A request for erasure that has begun and is not done: what a killed process leaves to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.state.kept_json import keep_json, keep_no_longer, kept_json
from daemon.state.state_error import DamagedError

if TYPE_CHECKING:
    from pathlib import Path


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
        keys = [key.hex() for key in self.keys]
        keep_json(self.path(directory), {"by": self.by, "keys": keys, "rows_are_gone": self.rows_are_gone})

    @staticmethod
    def pending(directory: Path) -> ErasureRequest | None:
        """Return the one that was begun and not done."""
        path = ErasureRequest.path(directory)
        saved = kept_json(path)
        if saved is None:
            return None
        try:
            keys = tuple(bytes.fromhex(key) for key in saved["keys"])
            return ErasureRequest(keys, saved["by"], rows_are_gone=saved["rows_are_gone"])
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedError(f"{path} is no request for erasure ({error}); remove it and ask again") from error

    @staticmethod
    def done(directory: Path) -> None:
        """Keep it no longer."""
        keep_no_longer(ErasureRequest.path(directory))

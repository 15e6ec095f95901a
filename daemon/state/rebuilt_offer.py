"""A state that was rebuilt and is to take the place of the daemon's: whoever is killed leaves it to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from daemon.state.kept_json import keep_json, keep_no_longer, kept_json
from daemon.state.state_error import DamagedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class RebuiltOffer:
    """The newest generation in ``rebuild_directory`` is it; the file holds the keys, until it is done."""

    keys: tuple[bytes, ...]
    """To be erased as well."""
    by: str
    """Who has asked."""
    told: Mapping[str, Any]
    """What the audit log is to say of it."""

    @staticmethod
    def path(directory: Path) -> Path:
        """Return where it is kept."""
        return directory / "rebuilt.json"

    def make(self, directory: Path) -> None:
        """Keep it, durably."""
        keys = [key.hex() for key in self.keys]
        keep_json(self.path(directory), {"keys": keys, "by": self.by, "told": dict(self.told)})

    @classmethod
    def pending(cls, directory: Path) -> Self | None:
        """Return the one that nobody has taken yet."""
        path = cls.path(directory)
        saved = kept_json(path)
        if saved is None:
            return None
        try:
            keys = tuple(bytes.fromhex(key) for key in saved["keys"])
            return cls(keys, saved["by"], saved["told"])
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedError(f"{path} is no offer ({error}); remove it and rebuild again") from error

    @classmethod
    def done(cls, directory: Path) -> None:
        """Keep it no longer."""
        keep_no_longer(cls.path(directory))

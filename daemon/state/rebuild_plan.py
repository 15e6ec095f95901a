"""What is being rebuilt: without which keys, from where, up to which positions; a killed process leaves it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from daemon.state.kept_json import keep_json, kept_json
from daemon.state.state_error import DamagedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def rebuild_directory(directory: Path) -> Path:
    """Return where a state is rebuilt: a state directory of its own, within the one that it is to follow."""
    return directory / "rebuild"


@dataclass(frozen=True, slots=True)
class RebuildPlan:
    """One rebuilding; the file holds the keys themselves, until it is done."""

    keys: tuple[bytes, ...]
    """Given by the operator; they are erased as well."""
    digests: tuple[str, ...]
    """Of all keys that were erased before, and are left out too: see ``KeyDigests``."""
    by: str
    """Who has asked."""
    begun_with: int | None
    """The generation that it begins with; None where it begins untrained."""
    until: Mapping[str, Any]
    """The source's positions to learn up to: those of a generation of the daemon."""
    archive: tuple[str, ...] = ()
    """Files that are read before the source, which does not have that any more."""

    @staticmethod
    def path(directory: Path) -> Path:
        """Return where it is kept."""
        return rebuild_directory(directory) / "plan.json"

    def keep(self, directory: Path) -> None:
        """Keep it, durably."""
        saved = {
            "keys": [key.hex() for key in self.keys],
            "digests": list(self.digests),
            "by": self.by,
            "begun_with": self.begun_with,
            "until": dict(self.until),
            "archive": list(self.archive),
        }
        keep_json(self.path(directory), saved)

    @classmethod
    def kept(cls, directory: Path) -> Self | None:
        """Return the one that was begun and is not done."""
        saved = kept_json(cls.path(directory))
        if saved is None:
            return None
        try:
            keys = tuple(bytes.fromhex(key) for key in saved.pop("keys"))
            digests, archive = (tuple(saved.pop(name)) for name in ("digests", "archive"))
            return cls(keys=keys, digests=digests, archive=archive, **saved)
        except (ValueError, KeyError, TypeError) as error:
            path = cls.path(directory)
            raise DamagedError(f"{path} is no plan ({error}); remove {path.parent} and ask again") from error

    def is_of(self, other: RebuildPlan) -> bool:
        """Tell whether both leave out the same of the same."""
        return (self.keys, self.digests, self.archive) == (other.keys, other.digests, other.archive)

    def further(self, until: Mapping[str, Any]) -> Self:
        """Return the same up to later positions."""
        return replace(self, until=until)

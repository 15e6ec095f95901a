"""What has come of one request for erasure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ERASURE: Final = "erasure"
"""What the audit log calls it."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was removed, and for whom."""

    at: float
    """Unix time at which it was done."""
    by: str
    """Who has asked: ``user 1000``, ``http 127.0.0.1``, or where a tombstone was, ``events/0 at 17``."""
    keys: Sequence[str]
    """Digests of the keys: see ``KeyDigests``."""
    removed: Mapping[str, int]
    """Rows, or keys, by what they were kept for; lines by the name of the file."""
    generation: int | None
    """The first generation without them; None where there was no state."""
    generations_removed: Sequence[int]

    def entry(self) -> dict[str, Any]:
        """Return it as the audit log has it."""
        return {"what": ERASURE, **asdict(self)}

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Erasure:
        """Return what an entry of the audit log says; raise ``KeyError`` where it says something else."""
        return cls(**{each.name: entry[each.name] for each in fields(cls)})

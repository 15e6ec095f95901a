"""What tombstones of the stream have erased."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.record import UnreadableRecord

if TYPE_CHECKING:
    from connectors.record import Record

_SHOWN = 3


@dataclass(slots=True)
class Erased:
    """Which keys, where their tombstones were, and how much went, by what it was kept for."""

    keys: dict[bytes, None] = field(default_factory=dict)
    """Each once, in their order."""
    places: list[str] = field(default_factory=list)
    removed: Counter[str] = field(default_factory=Counter)

    def add(self, tombstone: Record, removed: Counter[str]) -> None:
        """Take note of one."""
        self.keys[tombstone.key or b""] = None
        self.places.append(f"{tombstone.topic}/{tombstone.partition} at {tombstone.offset}")
        self.removed.update(removed)

    @property
    def by(self) -> str:
        """Who has asked: the first few places, and how many others."""
        more = len(self.places) - _SHOWN
        return ", ".join(self.places[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def is_tombstone(record: Record) -> bool:
    """Tell whether a record says nothing but that all of its key is to go."""
    return record.value is None and record.key is not None and not isinstance(record, UnreadableRecord)

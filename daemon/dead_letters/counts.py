"""Dead letters counted by day, partition and reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connectors.kept_letter import KeptLetter


@dataclass(slots=True)
class Count:
    """The letters of one day, partition and reason."""

    day: str
    """In UTC."""
    partition: str
    why: str
    letters: int
    first: float
    """Unix time of the oldest."""
    last: float
    newest: str
    """The event of the newest, as ``show`` takes it."""


def counted(letters: Iterable[KeptLetter]) -> list[Count]:
    """Return the counts, the newest first; memory is taken by what differs, not by letters."""
    counts: dict[tuple[str, str, str], Count] = {}
    for letter in letters:
        at = letter.rejected_at
        day = datetime.fromtimestamp(at, tz=UTC).date().isoformat()
        key = day, letter.partition, letter.why
        count = counts.setdefault(key, Count(*key, 0, at, at, str(letter.event)))
        count.letters += 1
        count.first = min(count.first, at)
        if at >= count.last:
            count.last, count.newest = at, str(letter.event)
    return sorted(counts.values(), key=lambda count: (-count.last, count.partition, count.why))

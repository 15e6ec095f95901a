"""The last events of note: what an operator would want to have been told."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeGuard, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal[
    "ready", "boundary", "drift", "anomaly", "checkpoint", "failed", "rejected", "skipped", "step", "budget"
]

KEPT_OF_EACH = 12
MERGED_WITHIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened, once or several times in a row."""

    kind: Kind
    at: float
    """Unix time, of the last time."""
    text: str
    count: int = 1


class Notes:
    """The newest few of every kind, so that a flood of one kind does not wash away another.

    ``kept`` are those of earlier processes, oldest first.

    >>> notes = Notes()
    >>> notes.add("drift", at=1.0, text="drift alarm")
    >>> notes.add("rejected", at=2.0, text="undecodable", count=2)
    >>> notes.add("rejected", at=3.0, text="undecodable")
    >>> [(note.kind, note.count) for note in notes.newest_first()]
    [('rejected', 3), ('drift', 1)]
    """

    def __init__(self, kept: Iterable[Note] = ()) -> None:
        self._kept: dict[Kind, deque[Note]] = {}
        for note in kept:
            self._of(note.kind).append(note)

    def add(self, kind: Kind, *, at: float, text: str, count: int = 1) -> None:
        """Note what happened ``count`` times; within a minute the same again is counted, not repeated."""
        kept = self._of(kind)
        if kept and kept[-1].text == text and at - kept[-1].at < MERGED_WITHIN_SECONDS:
            kept[-1] = replace(kept[-1], at=at, count=kept[-1].count + count)
        else:
            kept.append(Note(kind, at, text, count))

    def newest_first(self) -> list[Note]:
        """Return all that are kept."""
        return sorted((note for kept in self._kept.values() for note in kept), key=lambda note: note.at)[::-1]

    def _of(self, kind: Kind) -> deque[Note]:
        return self._kept.setdefault(kind, deque(maxlen=KEPT_OF_EACH))


def is_kind(word: str) -> TypeGuard[Kind]:
    """Tell whether this version knows such a kind of note."""
    return word in get_args(Kind)

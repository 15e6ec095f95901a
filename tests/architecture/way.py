"""The way of a value through files and rooms."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.architecture.follower import Step
    from tests.architecture.rooms import Rooming


@dataclass(frozen=True, slots=True)
class Landmark:
    """A function that a way begins or ends at, by its name in a file or below a folder."""

    where: str
    function: str

    def first(self, steps: Sequence[Step], *, returns: bool = False, after: int = 0) -> int:
        """Return the place in ``steps`` of its first call or return; raise ``LookupError`` where there is none."""
        for number, step in enumerate(steps[after:], start=after):
            if step.function == self.function and step.returns == returns and step.callee.startswith(self.where):
                return number
        raise LookupError(f"{self.where}: {self.function} was not called; correct tests/architecture/ways.py")


@dataclass(frozen=True, slots=True)
class Way:
    """Files in the order in which they had the value, the same one never twice in a row."""

    name: str
    places: tuple[str, ...]

    @classmethod
    def of(cls, name: str, steps: Iterable[Step]) -> Way:
        """Return the way that these steps make: with a call from caller to callee, with a return back."""
        places: list[str] = []
        for step in steps:
            for place in (step.callee, step.caller) if step.returns else (step.caller, step.callee):
                if place is not None and places[-1:] != [place]:
                    places.append(place)
        return cls(name, tuple(places))

    @property
    def files(self) -> int:
        """How many files it enters."""
        return len(set(self.places))

    def rooms(self, *, by: Rooming) -> dict[str, list[str]]:
        """Return the files of each room, both in the order in which they were entered first."""
        rooms: dict[str, list[str]] = {}
        for place in dict.fromkeys(self.places):
            rooms.setdefault(by(place), []).append(place)
        return rooms

    def moves(self, *, by: Rooming) -> int:
        """Return how often it changes rooms."""
        return sum(by(before) != by(after) for before, after in pairwise(self.places))

"""What a stream of the arena is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.arena.table import Table


class Read(Protocol):
    """Reads a stream."""

    def __call__(self, data: Path, *, limit: int) -> Table:
        """Return at most ``limit`` rows; raise ``DataFileError`` where a file in ``data`` cannot be used."""


class ReadDrawn(Protocol):
    """Reads a stream whose rows are in an order that the seed draws."""

    def __call__(self, data: Path, *, limit: int, seed: int) -> Table:
        """Return the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArenaStream:
    """One stream of the arena."""

    summary: str
    read_ordered: Read | None = None
    """None where its order is drawn."""
    read_drawn: ReadDrawn | None = None
    classes: int = 0
    """How many there are; 0 where the label is a number."""
    is_open: bool = False
    """Whether it needs no file."""

    def read(self, data: Path, *, limit: int, seed: int) -> Table:
        """Return at most ``limit`` rows; raise ``DataFileError`` where a file in ``data`` cannot be used."""
        if self.read_drawn is not None:
            return self.read_drawn(data, limit=limit, seed=seed)
        assert self.read_ordered is not None, "a stream is read in one way or the other"
        return self.read_ordered(data, limit=limit)

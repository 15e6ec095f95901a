"""What a reference is: a learner that predicts a row and then learns it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.arena.table import Table

    Row = Mapping[str, float]
    """One number a field."""


class Guess(NamedTuple):
    """What is said of a row before its label is known."""

    value: float | None
    """Class index or number; None where nothing can be said yet."""
    probabilities: Mapping[int, float] | None = None
    """By class index, what is missing is 0; None where the learner has none."""


class Reference(Protocol):
    """Learns one row after another."""

    def guess(self, row: Row, *, key: int) -> Guess:
        """Predict a row, and learn nothing from that."""

    def learn(self, row: Row, label: float, *, key: int) -> None:
        """Learn a row that was predicted; a class comes as its index, an int."""


class MakeReference(Protocol):
    """Makes an untrained one; raises ``ModuleNotFoundError`` where its library is not installed."""

    def __call__(self, table: Table, *, seed: int) -> Reference:
        """Return one for the columns, the label and the classes of ``table``, of which it may see no row."""


class NoChange:
    """Repeats the last label of a row's key (no-change or persistent forecast; Žliobaitė, Bifet et al. 2015)."""

    def __init__(self, table: Table, *, seed: int) -> None:
        self._last: dict[int, float] = {}

    def guess(self, row: Row, *, key: int) -> Guess:
        """Say the last label."""
        return Guess(self._last.get(key))

    def learn(self, row: Row, label: float, *, key: int) -> None:
        """Remember the label."""
        self._last[key] = label

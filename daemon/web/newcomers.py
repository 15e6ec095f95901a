"""Connections that have said nothing yet: they are held cheaply, and give way to each other."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import socket


class Newcomer(NamedTuple):
    """Who has come."""

    connection: socket.socket
    address: str
    came: float
    """On the event loop's clock."""
    round: int
    """The round of accepting in which it came."""


class Newcomers:
    """Holds connections by the address that they are from.

    Whose turn it is to go is the oldest of the address that has most: who opens thousands pushes out his own.
    """

    def __init__(self) -> None:
        self._of: dict[str, OrderedDict[int, Newcomer]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, newcomer: Newcomer) -> None:
        """Hold one."""
        self._of.setdefault(newcomer.address, OrderedDict())[newcomer.connection.fileno()] = newcomer
        self._count += 1

    def find(self, descriptor: int) -> Newcomer | None:
        """Return the newcomer whose connection has that descriptor."""
        return next((same[descriptor] for same in self._of.values() if descriptor in same), None)

    def remove(self, newcomer: Newcomer) -> None:
        """Hold one no longer, whose connection is still open."""
        same = self._of[newcomer.address]
        del same[newcomer.connection.fileno()]
        self._count -= 1
        if not same:
            del self._of[newcomer.address]

    def next_to_go(self, *, before_round: int) -> Newcomer | None:
        """Return whose turn it is; None where that one has come in this round, or nobody is there."""
        if not self._of:
            return None
        oldest = next(iter(max(self._of.values(), key=len).values()))
        return oldest if oldest.round < before_round else None

    def older_than(self, moment: float) -> list[Newcomer]:
        """Return those that came before a moment."""
        return [each for same in self._of.values() for each in same.values() if each.came <= moment]

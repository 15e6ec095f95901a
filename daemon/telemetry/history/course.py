"""How fast the stream ran over the whole life of a run, and how far behind its end."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from daemon.telemetry.history.flow import Stretch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_STRETCHES = 240


class Course:
    """Stretches of time, one after another; where there are too many, the two that are shortest together are one.

    >>> course = Course(most=2)
    >>> for start in (0.0, 2.0, 4.0):
    ...     course.add(Stretch(start=start, stop=start + 2, seconds=2, events=10, lag=None))
    >>> [(each.start, each.stop, each.events) for each in course.stretches]
    [(0.0, 4.0, 20), (4.0, 6.0, 10)]
    """

    def __init__(self, stretches: Iterable[Stretch] = (), *, most: int = MOST_STRETCHES) -> None:
        self._most = most
        self._stretches: list[Stretch] = []
        for each in stretches:
            self.add(each)

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """Oldest first; the time in which no process ran lies between them, or within one that is long."""
        return tuple(self._stretches)

    def add(self, stretch: Stretch) -> None:
        """Add what came last. Where the clock was set back, what would lie in the future goes."""
        while self._stretches and self._stretches[-1].stop > stretch.start:
            self._stretches.pop()
        self._stretches.append(stretch)
        if len(self._stretches) > self._most:
            place = _shortest_pair(self._stretches)
            self._stretches[place : place + 2] = [_together(*self._stretches[place : place + 2])]


def _shortest_pair(stretches: Sequence[Stretch]) -> int:
    lengths = [second.stop - first.start for first, second in pairwise(stretches)]
    return lengths.index(min(lengths))


def _together(first: Stretch, second: Stretch) -> Stretch:
    lags = [each.lag for each in (first, second) if each.lag is not None]
    return Stretch(
        start=first.start,
        stop=second.stop,
        seconds=first.seconds + second.seconds,
        events=first.events + second.events,
        lag=max(lags) if lags else None,
    )

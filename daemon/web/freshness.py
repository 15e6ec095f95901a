"""How often something is made anew that costs the loop time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SHARE = 0.05
_LEAST_SECONDS = 0.01
_MOST_IN_A_ROW = 10


class Freshness:
    """Lets a report be made five times a second, and so rarely that it takes 5 % of the time; at first in a row.

    >>> now = [0.0]
    >>> fresh = Freshness(clock=lambda: now[0])
    >>> for _ in range(10):
    ...     fresh.made(0.001)
    >>> fresh.may_be_made, now.append(now.pop() + 0.2), fresh.may_be_made
    (False, None, True)
    >>> fresh.made(1.0)
    >>> now[0] += 19.0
    >>> fresh.may_be_made
    False
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._owed = 0.0
        self._as_of = clock()

    @property
    def may_be_made(self) -> bool:
        """Whether it is time."""
        return self._owing() < _MOST_IN_A_ROW * _LEAST_SECONDS - 1e-9

    def made(self, seconds: float) -> None:
        """Take note that it was, in so many seconds."""
        self._owed, self._as_of = self._owing() + max(seconds, _LEAST_SECONDS), self._clock()

    def _owing(self) -> float:
        return max(0.0, self._owed - _SHARE * (self._clock() - self._as_of))

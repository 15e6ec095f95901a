"""So many requests a second, and no more."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class RateLimit:
    """A token bucket that holds one second's requests. Of one thread.

    >>> limit = RateLimit(2.0, clock=iter([0.0, 0.0, 0.0, 0.0, 0.5]).__next__)
    >>> [limit.takes_one() for _ in range(4)]
    [True, True, False, True]
    """

    def __init__(self, per_second: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._most = max(per_second, 1.0)
        self._clock = clock
        self._left, self._as_of = self._most, clock()

    def takes_one(self) -> bool:
        """Count a request; return False where it is too many."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._as_of) * self._per_second)
        self._as_of = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

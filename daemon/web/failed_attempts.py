"""Counts failed logins, so that nobody can try on and on."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 10
WINDOW_SECONDS = 60.0
_MOST_ADDRESSES = 1024


class FailedAttempts:
    """Allows an address ``LIMIT`` failures in ``WINDOW_SECONDS``, counted from the first. Of one thread.

    Those that have failed least lately are forgotten where there are too many addresses.

    >>> attempts = FailedAttempts(clock=lambda: 0.0)
    >>> for _ in range(LIMIT):
    ...     attempts.count("192.0.2.7")
    >>> attempts.wait_seconds("192.0.2.7"), attempts.wait_seconds("192.0.2.8")
    (60, 0)
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def count(self, address: str) -> None:
        """Take note of a failure."""
        began, failures = self._of(address)
        self._failures[address] = (began, failures + 1)
        self._failures.move_to_end(address)
        if len(self._failures) > _MOST_ADDRESSES:
            self._failures.popitem(last=False)

    def forgive(self, address: str) -> None:
        """Take back one failure that was none after all."""
        began, failures = self._of(address)
        self._failures[address] = (began, max(failures - 1, 0))

    def wait_seconds(self, address: str) -> int:
        """Return how long an address has to wait before it may try again; 0 where it may."""
        began, failures = self._of(address)
        return 0 if failures < LIMIT else math.ceil(began + WINDOW_SECONDS - self._clock())

    def _of(self, address: str) -> tuple[float, int]:
        now = self._clock()
        began, failures = self._failures.get(address, (now, 0))
        return (began, failures) if now - began < WINDOW_SECONDS else (now, 0)

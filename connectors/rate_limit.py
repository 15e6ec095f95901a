"""A limit on the events per second of a source that could deliver faster."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SHORTEST_WAIT_SECONDS = 0.01  # at high rates a poll brings the events of 10 ms, not one event


class RateLimit:
    """Tells how many events are due since the first call; without a rate there is no limit.

    Events that were not fetched in time stay due, as they would in a broker's log.
    """

    def __init__(
        self, rate: float | None, *, monotonic: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._sleep = sleep
        self._start: float | None = None
        self._delivered = 0

    def due(self, max_events: int, timeout_seconds: float) -> int:
        """Return how many events may be delivered now, waiting up to ``timeout_seconds`` for the first."""
        if self._rate is None:
            return max_events
        if self._start is None:
            self._start = self._monotonic()
        deadline = self._monotonic() + timeout_seconds
        while (due := self._due_now(self._start, self._rate)) < 1:
            now = self._monotonic()
            if now >= deadline:
                return 0
            next_due = self._start + (self._delivered + 1) / self._rate
            self._sleep(min(max(next_due - now, SHORTEST_WAIT_SECONDS), deadline - now))
        return min(due, max_events)

    def _due_now(self, start: float, rate: float) -> int:
        return int((self._monotonic() - start) * rate) - self._delivered

    def delivered(self, events: int) -> None:
        """Count events that were delivered."""
        self._delivered += events

"""What is done when events cannot be learned from."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from connectors.record import event_index

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.decoder import Reject


class TooManyRejectsError(Exception):
    """Most of the stream is bad: that is a fault of the configuration or the producer, not of single events."""


class RejectLimit:
    """A breaker: stops the daemon when too large a share of the last events was rejected.

    ``max_share`` of about the last ``window`` events; it does not judge before ``window`` events have come.
    ``tolerate`` False stops at the first one. What the format has to have, such as deletions, is no fault.
    """

    def __init__(self, *, tolerate: bool, max_share: float, window: int = 1000) -> None:
        self._tolerate = tolerate
        self._max_share = max_share
        self._window = window
        self._turns: deque[tuple[int, int]] = deque()
        self._events = 0
        self._rejected = 0

    def allow(self, *, tolerate: bool, max_share: float) -> None:
        """Judge by these limits from now on; what was counted goes on."""
        self._tolerate, self._max_share = tolerate, max_share

    def observe(self, rejects: Sequence[Reject], *, among: int) -> None:
        """Take note of ``rejects`` out of ``among`` events; raise ``TooManyRejectsError`` where it is too much."""
        faults = [reject for reject in rejects if not reject.expected]
        if faults and not self._tolerate:
            raise TooManyRejectsError(
                f"{place(faults[0])}; rejections.tolerate is false, so nothing is learned past it"
            )
        self._turns.append((among, len(faults)))
        self._events += among
        self._rejected += len(faults)
        while self._turns and self._events - self._turns[0][0] >= self._window:
            events, rejected = self._turns.popleft()
            self._events -= events
            self._rejected -= rejected
        if faults and self._events >= self._window and self._rejected > self._max_share * self._events:
            raise TooManyRejectsError(
                f"{self._rejected} of the last {self._events} events were rejected, more than"
                f" rejections.max_share {self._max_share:g} allows; the last one: {place(faults[-1])}"
            )


def place(reject: Reject) -> str:
    """Return where a reject is from, and why it is one."""
    record = reject.record
    index = event_index(record)
    where = f"{record.topic}[{record.partition}] offset {record.offset}" + (
        "" if index is None else f" index {index}"
    )
    return f"{where}: {reject.reason} at {reject.stage}: {reject.message}"

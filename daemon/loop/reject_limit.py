"""What is done when events cannot be learned from."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from connectors.record import event_index

if TYPE_CHECKING:
    from connectors.decoder import Reject
    from daemon.learning.fault_numbers import NumberedFaults


class TooManyRejectsError(Exception):
    """Most of the stream is bad: that is a fault of the configuration or the producer, not of single events."""


class NotToleratedError(TooManyRejectsError):
    """One event was bad, and none is to be passed."""


class RejectLimit:
    """A breaker: stops the daemon when too large a share of the last events was rejected.

    It trips at the first fault with which more than ``max_share`` of the last ``window`` events were faults; before
    ``window`` events have come, it does not judge. So its verdict is a function of the events that a process has
    seen, however they were polled. ``tolerate`` False stops at the first one. What the format has to have, such as
    deletions, is no fault.
    """

    def __init__(self, *, tolerate: bool, max_share: float, window: int = 1000) -> None:
        self._tolerate = tolerate
        self._max_share = max_share
        self._window = window
        self._events = 0
        self._recent: deque[int] = deque()
        """The numbers of the faults among the last events."""

    def allow(self, *, tolerate: bool, max_share: float) -> None:
        """Judge by these limits from now on; what was counted goes on."""
        self._tolerate, self._max_share = tolerate, max_share

    def observe(self, faults: NumberedFaults) -> None:
        """Take note of some events; raise ``TooManyRejectsError`` where it is too much, ``NotToleratedError``."""
        if faults.rejects and not self._tolerate:
            raise NotToleratedError(
                f"{place(faults.rejects[0])}; rejections.tolerate is false, so nothing is learned past it"
            )
        for number, reject in zip(faults.numbers, faults.rejects, strict=True):
            self._judge(self._events + number, reject)
        self._events += faults.events

    def _judge(self, number: int, reject: Reject) -> None:
        """Count a fault by its number among all events so far."""
        self._recent.append(number)
        while self._recent[0] <= number - self._window:
            self._recent.popleft()
        rejected = len(self._recent)
        if number + 1 >= self._window and rejected > self._max_share * self._window:
            raise TooManyRejectsError(
                f"{rejected} of the last {self._window} events were rejected, more than rejections.max_share"
                f" {self._max_share:g} allows; the last one: {place(reject)}"
            )


def place(reject: Reject) -> str:
    """Return where a reject is from, and why it is one."""
    record = reject.record
    index = event_index(record)
    where = f"{record.topic}[{record.partition}] offset {record.offset}" + (
        "" if index is None else f" index {index}"
    )
    return f"{where}: {reject.reason} at {reject.stage}: {reject.message}"

"""How many events one turn of the loop may take on."""

from __future__ import annotations

FIRST = 256
"""Records of the first poll, of which it is not known yet how long they take."""
_SMOOTHING = 0.2


class PollSize:
    """Bounds the records of a poll by the measured time that one takes.

    A turn then lasts about ``turn_seconds``, so that signals, health and checkpoints are seen to in time, and the
    next poll never comes later than Kafka's ``max.poll.interval.ms``. ``first`` is how many the first poll returns.
    """

    def __init__(self, *, first: int = FIRST, turn_seconds: float = 0.5, most: int = 4096) -> None:
        self._turn_seconds = turn_seconds
        self._first = first
        self._most = most
        self._record_seconds: float | None = None

    @property
    def max_records(self) -> int:
        """How many records the next poll may return."""
        if self._record_seconds is None:
            return min(self._first, self._most)
        return max(1, min(self._most, int(self._turn_seconds / self._record_seconds)))

    def observe(self, records: int, *, seconds: float) -> None:
        """Take note of how long ``records`` took, polling not included."""
        if not records:
            return
        latest = max(seconds / records, 1e-9)
        before = latest if self._record_seconds is None else self._record_seconds
        self._record_seconds = before + _SMOOTHING * (latest - before)

"""Notices a partition that makes no progress while its log grows, in a process that looks healthy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kafka import TopicPartition

Verdict = Literal["moving", "seek_again", "stalled", "give_up"]

IDLE_POLLS = 3  # a partition that only waits its turn moves between two polls that found nothing more to deliver
PAUSE_SECONDS = 30.0  # without a poll for so long, nothing stood still: the loop waited for a sink


@dataclass(slots=True)
class _Standing:
    position: int
    since_seconds: float
    since_idle_poll: int
    sought: bool = False


class StallWatch:
    """Judges partitions by three things: the log grows, the position does not move, the client had time to read.

    It outlives connections: a fault that ends one after another would else be forgotten each time. Only what a
    broker has just confirmed counts: an unreachable broker is another problem, with another answer.
    """

    def __init__(self, stall_seconds: float, give_up_seconds: float) -> None:
        self._stall_seconds = stall_seconds
        self._give_up_seconds = give_up_seconds
        self._idle_polls = 0
        self._standing: dict[TopicPartition, _Standing] = {}
        self._polled_seconds: float | None = None

    def polled(self, now: float) -> None:
        """Note that the source is polled: what nobody has asked for in the meantime does not stand still."""
        if self._polled_seconds is not None and now - self._polled_seconds >= PAUSE_SECONDS:
            self.forget()
        self._polled_seconds = now

    def idle_poll(self) -> None:
        """Note that a poll delivered less than was asked for: no partition was waiting for its turn."""
        self._idle_polls += 1

    def standing(self, part: TopicPartition, position: int, now: float) -> bool:
        """Return whether the position is the same as when last asked, and remember it."""
        before = self._standing.get(part)
        if before is not None and before.position == position:
            return True
        self._standing[part] = _Standing(position, now, self._idle_polls)
        return False

    def judge(self, part: TopicPartition, end: int, now: float) -> Verdict:
        """Return what to do about a partition without progress whose log ends at ``end``."""
        standing = self._standing[part]
        if end <= standing.position:
            self._standing[part] = _Standing(standing.position, now, self._idle_polls)
            return "moving"
        waited = now - standing.since_seconds
        if waited < self._stall_seconds or self._idle_polls - standing.since_idle_poll < IDLE_POLLS:
            return "moving"
        if waited >= self._give_up_seconds:
            return "give_up"
        if not standing.sought:
            standing.sought = True
            return "seek_again"
        return "stalled" if waited >= 2 * self._stall_seconds else "moving"

    def forget(self, parts: Iterable[TopicPartition] | None = None) -> None:
        """Start anew with these partitions, or with all: unassigned, or nothing could be confirmed."""
        for part in list(self._standing) if parts is None else parts:
            self._standing.pop(part, None)

"""Merges partitions by the time of their records, so that the order does not depend on how they arrive."""

from __future__ import annotations

import heapq
import math
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kafka import TopicPartition

LONGEST_STEP_SECONDS = 1.0
_NO_TIME = -1
FULL = 8192
"""Records of one partition that wait for others, at which no more of it are fetched."""


class TimeOrder:
    """Holds what was fetched, and gives out the earliest record once every partition has shown its next one.

    Records come by (timestamp, topic, partition, offset); within a partition in the order of its log, whatever its
    times. A partition without a next record is waited for: for ever where its log has more, else for
    ``idle_seconds`` (KIP-353, KIP-695: ``max.task.idle.ms``). Until such a wait runs out, the order is a function
    of the logs alone. A time beyond ``latest_ms``, which no clock can have said, counts as none and comes first:
    its partition would wait for all others, for ever. Of the time between two calls at most a second counts: who
    was stopped has not waited.
    """

    def __init__(self, idle_seconds: float, *, latest_ms: Callable[[], float] = lambda: math.inf) -> None:
        self._idle_seconds = idle_seconds
        self._latest_ms = latest_ms
        self._queues: dict[TopicPartition, deque[Any]] = {}
        self._idle_since: dict[TopicPartition, float] = {}
        self._run_out: set[TopicPartition] = set()
        self._waited = 0.0
        self._asked_at: float | None = None
        self.timeouts = 0
        """How often a wait has run out and records were given out without knowing a partition's next one."""

    def add(self, part: TopicPartition, run: Iterable[Any]) -> None:
        """Take in records of a partition, which follow those that it has brought before."""
        queue = self._queues.setdefault(part, deque())
        queue.extend(run)
        if queue:
            self._idle_since.pop(part, None)
            self._run_out.discard(part)

    def forget(self, part: TopicPartition) -> None:
        """Drop a partition that begins anew."""
        self._queues.pop(part, None)
        self._idle_since.pop(part, None)
        self._run_out.discard(part)

    def keep(self, parts: Iterable[TopicPartition]) -> None:
        """Drop all other partitions."""
        for part in (self._queues.keys() | self._idle_since.keys()) - set(parts):
            self.forget(part)

    def waiting(self, part: TopicPartition) -> int:
        """Return how many records of a partition wait."""
        return len(self._queues.get(part, ()))

    def take(
        self, parts: Iterable[TopicPartition], limit: int, *, has_more: Callable[[TopicPartition], bool], now: float
    ) -> list[Any]:
        """Return up to ``limit`` records, none while a partition is waited for; ``now`` is in monotonic seconds."""
        self._let_pass(now)
        empty = [part for part in parts if not self._queues.get(part)]
        waited_for = [part for part in empty if not self._is_idle(part, has_more=has_more(part))]
        if waited_for or not any(self._queues.values()):
            return []
        self._count(empty)
        latest = self._latest_ms()
        heads = [(_time(queue[0], latest), part) for part, queue in self._queues.items() if queue]
        heapq.heapify(heads)
        records: list[Any] = []
        while heads and len(records) < limit:
            part = heads[0][1]
            queue = self._queues[part]
            records.append(queue.popleft())
            if not queue:
                break  # its next one may be the earliest of all
            heapq.heapreplace(heads, (_time(queue[0], latest), part))
        return records

    def _let_pass(self, now: float) -> None:
        step = 0.0 if self._asked_at is None else now - self._asked_at
        self._waited += min(step, LONGEST_STEP_SECONDS)
        self._asked_at = now

    def _is_idle(self, part: TopicPartition, *, has_more: bool) -> bool:
        if has_more:
            self._idle_since.pop(part, None)
            return False
        return self._waited - self._idle_since.setdefault(part, self._waited) >= self._idle_seconds

    def _count(self, idle: Iterable[TopicPartition]) -> None:
        new = set(idle) - self._run_out
        self.timeouts += len(new)
        self._run_out |= new


def _time(record: Any, latest_ms: float) -> int:
    time: int = record.timestamp
    return time if time <= latest_ms else _NO_TIME

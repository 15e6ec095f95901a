"""Which partitions are read now, and which wait until their position is known."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal

from kafka import TopicPartition
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.structs import MemberState, OffsetAndMetadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connectors.kafka.connection import TopicFacts
    from connectors.kafka.positions import Position

Change = Literal["assigned", "revoked", "lost"]


class KafkaAssignment(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python publishes no types
    """The partitions that this process reads: fixed ones, or its share of a group's.

    A partition starts paused, at a placeholder; ``begin`` gives it its position. In a group, kafka-python calls the
    listener on its network thread: there a partition is paused and the change noted, and nothing more.
    """

    def __init__(self, consumer: Any, *, in_group: bool, partitions: Iterable[int] | None) -> None:
        self._consumer = consumer
        self._in_group = in_group
        self._numbers = None if partitions is None else frozenset(partitions)
        self._topics: frozenset[str] = frozenset()
        self._assigned: frozenset[TopicPartition] = frozenset()
        self._changes: deque[tuple[Change, frozenset[TopicPartition]]] = deque()
        self.active: set[TopicPartition] = set()
        self.waiting: set[TopicPartition] = set()

    @property
    def settled(self) -> bool:
        """Whether the partitions are fixed, or the group has given this process its share, even an empty one."""
        return not self._in_group or self._consumer.group_metadata().state == MemberState.STABLE

    def follow_topics(self, found: Mapping[str, TopicFacts]) -> str:
        """Read every wanted partition of these topics; return in a sentence which do not exist."""
        if self._in_group:
            self._subscribe(frozenset(found))
            return ""
        wanted = frozenset(self._wanted(found))
        new = wanted - self._assigned
        if new:
            self._assigned |= wanted
            self._consumer.assign(sorted(self._assigned))
            self.hold(new)
        absent = [
            f"topic {name} has no partition {number}"
            for name, facts in sorted(found.items())
            for number in sorted((self._numbers or frozenset()) - set(facts.partitions))
        ]
        return "; ".join(absent)

    def follow_rebalances(self) -> set[TopicPartition]:
        """Apply the group's changes since the last call; return the partitions that were lost, not revoked."""
        self._finish_joining()
        lost: set[TopicPartition] = set()
        while self._changes:
            change, parts = self._changes.popleft()
            self.active -= parts
            if change == "assigned":
                self.waiting |= parts
            else:
                self.waiting -= parts
                lost |= parts if change == "lost" else set()
        return lost

    def hold(self, parts: Iterable[TopicPartition]) -> None:
        """Deliver nothing of these partitions until ``begin``."""
        parts = sorted(parts)
        self._pause(parts)
        self.active.difference_update(parts)
        self.waiting.update(parts)

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Within it nothing is fetched, and the place in the group is kept."""
        resting = sorted(self.active)
        self._consumer.pause(*resting)
        try:
            yield
        finally:
            for part in resting:
                with suppress(KeyError):  # the group has taken it away, and no change says so yet
                    self._consumer.resume(part)

    def begin(self, part: TopicPartition, at: Position) -> None:
        """Read a waiting partition from this position on."""
        self.seek(part, at)
        self._consumer.resume(part)
        self.waiting.discard(part)
        self.active.add(part)

    def seek(self, part: TopicPartition, at: Position) -> None:
        """Drop what is buffered and fetch from this position."""
        state = self._consumer._subscription  # noqa: SLF001  # seek() of the consumer takes no leader epoch
        state.seek(part, OffsetAndMetadata(at.offset, "", at.leader_epoch))

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Pause them and note the change, on the network thread."""
        self._pause(sorted(assigned))
        self._changes.append(("assigned", frozenset(assigned)))

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Note the change, on the network thread."""
        self._changes.append(("revoked", frozenset(revoked)))

    def on_partitions_lost(self, lost: Iterable[TopicPartition]) -> None:
        """Note the change, on the network thread."""
        self._changes.append(("lost", frozenset(lost)))

    def _finish_joining(self) -> None:
        """Complete a rebalance.

        kafka-python (3.0.12) forgets one that was caused by new partitions or topics and outlasts a poll: the
        process remains a member of the group, waits for ever and reads nothing.
        """
        if self._in_group and self._consumer.group_metadata().state == MemberState.REBALANCING:
            self._consumer._coordinator.request_rejoin()  # noqa: SLF001  # no public method goes on joining

    def _pause(self, parts: Iterable[TopicPartition]) -> None:
        for part in parts:
            self._consumer.pause(part)
            self._consumer.seek(part, 0)  # without any position the client would look for one itself

    def _wanted(self, found: Mapping[str, TopicFacts]) -> Iterable[TopicPartition]:
        for name, facts in found.items():
            for number in facts.partitions:
                if self._numbers is None or number in self._numbers:
                    yield TopicPartition(name, number)

    def _subscribe(self, topics: frozenset[str]) -> None:
        # By name, even for a pattern: with kafka-python's own, polls shorter than 100 ms never join (3.0.12).
        if topics - self._topics:
            self._topics |= topics
            self._consumer.subscribe(topics=sorted(self._topics), listener=self)

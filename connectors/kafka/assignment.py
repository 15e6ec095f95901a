"""Which partitions are read now, and which wait until their position is known."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Literal

from kafka import TopicPartition
from kafka.consumer.subscription_state import ConsumerRebalanceListener

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connectors.kafka.log_client import GroupClient, LogClient
    from connectors.kafka.positions import Position
    from connectors.kafka.topics import TopicFacts

Change = Literal["assigned", "revoked", "lost"]


class KafkaAssignment(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python publishes no types
    """The partitions that this process reads: fixed ones, or its share of a group's.

    A partition starts on hold; ``begin`` gives it its position. In a ``group``, kafka-python calls the listener on
    its network thread: there a partition is held and the change noted, and nothing more.
    """

    def __init__(self, client: LogClient, *, group: GroupClient | None, partitions: Iterable[int] | None) -> None:
        self._client = client
        self._group = group
        self._numbers = None if partitions is None else frozenset(partitions)
        self._topics: frozenset[str] = frozenset()
        self._assigned: frozenset[TopicPartition] = frozenset()
        self._changes: deque[tuple[Change, frozenset[TopicPartition]]] = deque()
        self.active: set[TopicPartition] = set()
        self.waiting: set[TopicPartition] = set()

    @property
    def settled(self) -> bool:
        """Whether the partitions are fixed, or the group has given this process its share, even an empty one."""
        return self._group is None or self._group.is_settled

    def follow_topics(self, found: Mapping[str, TopicFacts]) -> str:
        """Read every wanted partition of these topics; return in a sentence which do not exist."""
        if self._group is not None:
            self._subscribe(self._group, frozenset(found))
            return ""
        wanted = frozenset(self._wanted(found))
        new = wanted - self._assigned
        if new:
            self._assigned |= wanted
            self._client.assign(self._assigned)
            self.hold(new)
        absent = [
            f"topic {name} has no partition {number}"
            for name, facts in sorted(found.items())
            for number in sorted((self._numbers or frozenset()) - set(facts.partitions))
        ]
        return "; ".join(absent)

    def follow_rebalances(self) -> set[TopicPartition]:
        """Apply the group's changes since the last call; return the partitions that were lost, not revoked."""
        if self._group is not None:
            self._group.go_on_joining()
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
        self._client.hold(parts)
        self.active.difference_update(parts)
        self.waiting.update(parts)

    def begin(self, part: TopicPartition, at: Position) -> None:
        """Read a partition from this position on."""
        self._client.begin(part, at)
        self.waiting.discard(part)
        self.active.add(part)

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Hold them and note the change, on the network thread."""
        self._client.hold(sorted(assigned))
        self._changes.append(("assigned", frozenset(assigned)))

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Note the change, on the network thread."""
        self._changes.append(("revoked", frozenset(revoked)))

    def on_partitions_lost(self, lost: Iterable[TopicPartition]) -> None:
        """Note the change, on the network thread."""
        self._changes.append(("lost", frozenset(lost)))

    def _wanted(self, found: Mapping[str, TopicFacts]) -> Iterable[TopicPartition]:
        for name, facts in found.items():
            for number in facts.partitions:
                if self._numbers is None or number in self._numbers:
                    yield TopicPartition(name, number)

    def _subscribe(self, group: GroupClient, topics: frozenset[str]) -> None:
        # By name, even for a pattern: with kafka-python's own, polls shorter than 100 ms never join (3.0.12).
        if topics - self._topics:
            self._topics |= topics
            group.subscribe(sorted(self._topics), self)

"""Shares topics among the members of a group as another assignor does, and gives some whole to every member."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from kafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment

if TYPE_CHECKING:
    from collections.abc import Collection

    from kafka import TopicPartition


class WholeTopics(AbstractPartitionAssignor):  # type: ignore[misc]  # kafka-python publishes no types
    """An assignor around another one, which never hears of the topics that nobody shares.

    The broker hands on what the group's leader assigns, and does not ask whether a partition is given twice. The
    name says which topics these are: the broker lets nobody into the group who would share them.
    """

    def __init__(self, sharing: AbstractPartitionAssignor, whole: Collection[str]) -> None:
        self._sharing = sharing
        self._whole = frozenset(whole)

    @property
    def name(self) -> str:
        """How the members of the group agree on it."""
        return f"{self._sharing.name}+{','.join(sorted(self._whole))}"

    def supported_protocols(self) -> Any:
        """Return whether partitions move one by one or all at once: as the other one has it."""
        return self._sharing.supported_protocols()

    def metadata(self, topics: Collection[str]) -> Any:
        """Return what a member says of itself as it joins: only topics that are shared."""
        return self._sharing.metadata(set(topics) - self._whole)

    def on_assignment(self, assignment: Any, generation: int) -> None:
        """Let the other one note what of the shared topics this member has."""
        shared = [part for part in assignment.partitions() if part.topic not in self._whole]
        self._sharing.on_assignment(_assignment(assignment.version, shared), generation)

    def assign(self, cluster: Any, members: Any) -> dict[str, Any]:
        """Return what each member is given, as the group's leader."""
        whole = [(topic, sorted(cluster.partitions_for_topic(topic) or ())) for topic in sorted(self._whole)]
        given = self._sharing.assign(cluster, members)
        return {
            member: ConsumerProtocolAssignment(
                its.version, [*_by_topic(its.partitions()), *whole], its.user_data or b""
            )
            for member, its in given.items()
        }


def _assignment(version: int, parts: Collection[TopicPartition]) -> Any:
    return ConsumerProtocolAssignment(version, _by_topic(parts), b"")


def _by_topic(parts: Collection[TopicPartition]) -> list[tuple[str, list[int]]]:
    return [
        (topic, [part.partition for part in group]) for topic, group in groupby(sorted(parts), attrgetter("topic"))
    ]

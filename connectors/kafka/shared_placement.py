"""Finds the position of partitions that members of a group hand to each other."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.kafka.claims import NOTHING, GroupOffset
from connectors.kafka.placement import KafkaPlacement
from connectors.kafka.shared_group import forgotten, shared_position, taken_by_others
from connectors.source import CheckpointRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka import TopicPartition

    from connectors.kafka.connection import TopicFacts
    from connectors.kafka.positions import Log, Position

log = logging.getLogger(__name__)


class SharedPlacement(KafkaPlacement):
    """Goes on where the group stands, unless this very model is to learn again what it has forgotten."""

    def place(
        self, parts: list[TopicPartition], topics: Mapping[str, TopicFacts], diverged: set[TopicPartition]
    ) -> dict[TopicPartition, Position]:
        """Return a position for each.

        Raises CheckpointRefusedError, too, where the checkpoint that was taken up holds what others are to learn.
        """
        self._decide(parts)
        return super().place(parts, topics, diverged)

    def _decide(self, assigned: list[TopicPartition]) -> None:
        """Find out whether the group has taken what the checkpoint holds, or will."""
        undecided = self._ledger.undecided
        if not undecided:
            return
        group = self._committed(sorted(undecided))
        gone = taken_by_others(undecided, group, assigned=assigned, identity=self._ledger.identity)
        if gone:
            names = ", ".join(f"{part.topic}/{part.partition}" for part in gone)
            raise CheckpointRefusedError(
                f"the checkpoint was never committed, and its events of {names} are other members' to learn"
            )
        undecided.clear()

    def _one(self, part: TopicPartition, held: Log, *, diverged: bool) -> Position:
        stored = self._ledger.positions.get(part)
        at = super()._one(part, held, diverged=diverged)
        same = stored is not None and stored.offset == at.offset
        return replace(at, begun=stored.begun if stored is not None and same else at.offset)

    def _known(self, part: TopicPartition) -> Position | None:
        stored = self._ledger.positions.get(part)
        at = shared_position(stored, self._ledger.group.get(part, NOTHING), self._ledger.identity)
        return at if at is None or stored is None else replace(at, topic_id=stored.topic_id)

    def _foreign(self, part: TopicPartition) -> GroupOffset | None:
        offset = self._ledger.group.get(part, NOTHING)
        return None if offset is NOTHING or offset.model is not None else offset

    def _tell(self, part: TopicPartition, stored: Position | None, at: Position) -> None:
        group = self._ledger.group.get(part, NOTHING)
        lost = forgotten(at, stored, group, self._ledger.identity)
        if lost:
            log.warning(
                "%s/%d continues at offset %d: other members have read it since, so %d offsets that this model has"
                " forgotten by a rollback are learned by nobody",
                part.topic,
                part.partition,
                at.offset,
                lost,
            )

"""Finds the position of newly assigned partitions: the stored one, else what the configuration says."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from connectors.kafka.claims import NOTHING, GroupOffset
from connectors.kafka.positions import Log, Policies, Position

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka import TopicPartition

    from connectors.kafka.ledger import Ledger
    from connectors.kafka.log_client import LogClient
    from connectors.kafka.source_options import KafkaSourceOptions
    from connectors.kafka.topics import TopicFacts

log = logging.getLogger(__name__)

REQUEST_SECONDS = 5.0  # timeout of one request to a connected broker


class KafkaPlacement:
    """Asks a connected client for log ends and committed offsets, and applies the configured policies to them."""

    def __init__(self, client: LogClient, options: KafkaSourceOptions, ledger: Ledger) -> None:
        self._client = client
        self._options = options
        self._ledger = ledger
        self._policies = Policies(options.on_lost_offset, options.on_recreated_topic, options.on_group_offsets)

    @property
    def undecided(self) -> bool:
        """Whether there is something to find out even where no partition is to be placed."""
        return False

    def place(
        self, parts: list[TopicPartition], topics: Mapping[str, TopicFacts], diverged: set[TopicPartition]
    ) -> dict[TopicPartition, Position]:
        """Return a position for each.

        Raises PositionLostError and ForeignOffsetsError by the policies, and KafkaError where brokers fail.
        """
        logs = self._logs(parts, topics)
        self._ledger.group |= self._committed(parts)
        return {part: self._one(part, logs[part], diverged=part in diverged) for part in parts}

    def _one(self, part: TopicPartition, held: Log, *, diverged: bool) -> Position:
        stored, known = self._ledger.positions.get(part), self._known(part)
        # An epoch to come cannot have been read; a client may let it pass.
        diverged = diverged or (known is not None and 0 <= held.leader_epoch < known.leader_epoch)
        at = self._policies.place(part, known, self._foreign(part), held, diverged=diverged)
        if at is None:
            at = self._start(part, held)
        if stored is not None and stored.offset != at.offset:
            at = replace(at, begun=at.offset)
        self._tell(part, stored, at)
        self._ask_for_durability(part, stored, at)
        return at

    def _known(self, part: TopicPartition) -> Position | None:
        """Return where this model is to go on, None where it knows of no place."""
        return self._ledger.positions.get(part)

    def _foreign(self, part: TopicPartition) -> GroupOffset | None:
        offset = self._ledger.group.get(part, NOTHING)
        ours = self._ledger.group_is_ahead or offset.model == self._ledger.identity
        return None if offset is NOTHING or ours else offset

    def _tell(self, part: TopicPartition, stored: Position | None, at: Position) -> None:
        known = self._ledger.group.get(part, NOTHING).offset
        if stored is not None and at.offset != stored.offset:
            text = "%s/%d continues at offset %d, not at the stored %d"
            log.warning(text, part.topic, part.partition, at.offset, stored.offset)
        elif known > at.offset:
            text = "%s/%d continues at offset %d, not at the group's %d, which follows with the next commit"
            log.warning(text, part.topic, part.partition, at.offset, known)

    def _ask_for_durability(self, part: TopicPartition, stored: Position | None, at: Position) -> None:
        """Note a position that depends on the moment: a process that dies now would not find it again."""
        found = stored is None or stored.offset != at.offset
        if found and (stored is not None or self._options.start != "earliest"):
            self._ledger.to_be_durable[part] = at.offset

    def _logs(self, parts: list[TopicPartition], topics: Mapping[str, TopicFacts]) -> dict[TopicPartition, Log]:
        starts = self._client.starts(parts, REQUEST_SECONDS)
        ends = self._client.ends(parts, REQUEST_SECONDS)
        self._ledger.ends |= {part: ends[part].offset for part in parts}
        return {
            part: Log(starts[part], ends[part].offset, topics[part.topic].topic_id, ends[part].leader_epoch)
            for part in parts
        }

    def _committed(self, parts: list[TopicPartition]) -> dict[TopicPartition, GroupOffset]:
        if self._options.group is None:
            return {}
        offsets = self._client.committed(parts, REQUEST_SECONDS)
        return {part: GroupOffset.of(offset) for part, offset in offsets.items()}

    def _start(self, part: TopicPartition, held: Log) -> Position:
        start = self._options.start
        if start == "earliest" or self._ledger.is_new(part):
            return held.first
        if isinstance(start, datetime):
            milliseconds = max(0, int(start.timestamp() * 1000))
            found = self._client.first_since(part, milliseconds, REQUEST_SECONDS)
            return held.behind if found is None else Position(found, topic_id=held.topic_id)
        return held.behind

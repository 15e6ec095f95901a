"""Finds the position of newly assigned partitions: stored, committed, or the configured start."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

from connectors.kafka.positions import Log, Policies, Position

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka import TopicPartition

    from connectors.kafka.connection import TopicFacts
    from connectors.kafka.ledger import Ledger
    from connectors.kafka.source_options import KafkaSourceOptions

log = logging.getLogger(__name__)

REQUEST_MS = 5000  # timeout of one request to a connected broker


class KafkaPlacement:
    """Asks a connected consumer for log ends and committed offsets, and applies the configured policies to them."""

    def __init__(self, consumer: Any, options: KafkaSourceOptions, ledger: Ledger) -> None:
        self._consumer = consumer
        self._options = options
        self._ledger = ledger
        self._policies = Policies(options.on_lost_offset, options.on_recreated_topic)

    def place(
        self, parts: list[TopicPartition], topics: Mapping[str, TopicFacts], diverged: set[TopicPartition]
    ) -> dict[TopicPartition, Position]:
        """Return a position for each. Raises PositionLostError by the policies, KafkaError where brokers fail."""
        logs = self._logs(parts, topics)
        committed = self._committed(parts)
        return {part: self._one(part, committed.get(part), logs[part], diverged=part in diverged) for part in parts}

    def _one(self, part: TopicPartition, committed: int | None, held: Log, *, diverged: bool) -> Position:
        stored = self._ledger.positions.get(part)
        at = self._policies.place(part, stored, committed, held, diverged=diverged)
        if at is None:
            at = Position(self._start(part, held), topic_id=held.topic_id)
        if stored is not None and at.offset != stored.offset:
            log.warning(
                "%s/%d continues at offset %d, not at the stored %d",
                part.topic,
                part.partition,
                at.offset,
                stored.offset,
            )
        return at

    def _logs(self, parts: list[TopicPartition], topics: Mapping[str, TopicFacts]) -> dict[TopicPartition, Log]:
        starts = self._consumer.beginning_offsets(parts, timeout_ms=REQUEST_MS)
        ends = self._consumer.end_offsets(parts, timeout_ms=REQUEST_MS)
        self._ledger.ends |= ends
        return {part: Log(starts[part], ends[part], topics[part.topic].topic_id) for part in parts}

    def _committed(self, parts: list[TopicPartition]) -> dict[TopicPartition, int]:
        if self._options.group is None or self._ledger.group_is_ahead:
            return {}
        offsets = {part: self._consumer.committed(part, timeout_ms=REQUEST_MS) for part in parts}
        known = {part: offset for part, offset in offsets.items() if offset is not None}
        self._ledger.committed |= known
        return known

    def _start(self, part: TopicPartition, held: Log) -> int:
        start = self._options.start
        if start == "earliest" or self._ledger.is_new(part):
            return held.start
        if isinstance(start, datetime):
            milliseconds = max(0, int(start.timestamp() * 1000))
            found = self._consumer.offsets_for_times({part: milliseconds}, timeout_ms=REQUEST_MS)[part]
            return held.end if found is None else int(found.offset)
        return held.end

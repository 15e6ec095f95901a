"""What is known of every partition, kept from one connection to the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connectors.kafka.positions import Position, from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka import TopicPartition


@dataclass(slots=True)
class Ledger:
    """The next offset of each partition ever read, the group's committed offsets and the ends of the logs."""

    positions: dict[TopicPartition, Position]
    stored_topics: frozenset[str]
    """The topics in the snapshot: a partition that one of them gained since is read from its first record."""
    first_seen: frozenset[TopicPartition] | None = None
    """The partitions of the first list of topics; those that appear later are read from their first record, too."""
    committed: dict[TopicPartition, int] = field(default_factory=dict)
    ends: dict[TopicPartition, int] = field(default_factory=dict)
    progress_seconds: dict[TopicPartition, float] = field(default_factory=dict)
    lost: set[TopicPartition] = field(default_factory=set)
    group_is_ahead: bool = False
    """Whether the group is ahead after a rollback or a damaged checkpoint; its offsets then do not count."""

    @staticmethod
    def of(snapshot: Mapping[str, Any] | None) -> Ledger:
        """Return the ledger that a snapshot holds."""
        positions = from_json(snapshot)
        ahead = bool((snapshot or {}).get("group_is_ahead"))
        return Ledger(positions, frozenset(part.topic for part in positions), group_is_ahead=ahead)

    def to_json(self) -> dict[str, Any]:
        """Return the ledger as the JSON values of a snapshot."""
        return to_json(self.positions) | ({"group_is_ahead": True} if self.group_is_ahead else {})

    def put(self, part: TopicPartition, at: Position, now: float) -> None:
        """Note that a partition has reached this position now (Unix time)."""
        self.positions[part] = at
        self.progress_seconds[part] = now

    def advance(self, part: TopicPartition, run: list[Any], now: float) -> list[Any]:
        """Return the new ones of a partition's records, which are in order, and note the position behind them."""
        at = self.positions[part]
        if run[0].offset < at.offset:
            run = [record for record in run if record.offset >= at.offset]
        if run:
            self.put(part, Position(run[-1].offset + 1, run[-1].leader_epoch, at.topic_id), now)
        return run

    def is_new(self, part: TopicPartition) -> bool:
        """Whether a partition that was never read has appeared since its topic is being read."""
        return part.topic in self.stored_topics or part not in (self.first_seen or ())

"""What is known of every partition, kept from one connection to the next."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connectors.kafka.claims import NOTHING, GroupOffset
from connectors.kafka.positions import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kafka import TopicPartition

    from connectors.kafka.positions import Position


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A partition of which the next records cannot be read."""

    problem: str
    position: int
    since: float
    """In monotonic seconds, as is the next."""
    retry_at: float


@dataclass(slots=True)
class Ledger:
    """The next offset of each partition ever read, the group's committed offsets and the ends of the logs."""

    identity: str
    """The model's name in what it commits, drawn once and kept with its state: a copy is the same model."""
    positions: dict[TopicPartition, Position]
    stored_topics: frozenset[str]
    """The topics in the snapshot: a partition that one of them gained since is read from its first record."""
    whole: frozenset[str] = frozenset()
    """The topics of which the group is told nothing: each member reads all of them, to positions of its own."""
    first_seen: frozenset[TopicPartition] | None = None
    """The partitions of the first list of topics; those that appear later are read from their first record, too."""
    group: dict[TopicPartition, GroupOffset] = field(default_factory=dict)
    """What the group had when a partition was placed, or has since this process committed."""
    to_be_durable: dict[TopicPartition, int] = field(default_factory=dict)
    """Positions that were found by where a log ended or a group stood: nobody would find them again."""
    committed: dict[TopicPartition, int] = field(default_factory=dict)
    """The offsets that this process has committed, which it never puts back."""
    undecided: dict[TopicPartition, Position] = field(default_factory=dict)
    """In a shared group, positions of a checkpoint of which it is not known whether the group took them."""
    missing_known: bool = False
    """Whether the group was asked what this model has learned by its word, and has forgotten."""
    ends: dict[TopicPartition, int] = field(default_factory=dict)
    progress_seconds: dict[TopicPartition, float] = field(default_factory=dict)
    order_timeouts: int = 0
    """How often, by timestamp, records were taken without knowing the next one of every partition."""
    unreadable: dict[TopicPartition, Unreadable] = field(default_factory=dict)
    lost: set[TopicPartition] = field(default_factory=set)
    group_is_ahead: bool = False
    """Whether the group may be ahead by what this model committed when commits had no names: it is not asked."""

    @staticmethod
    def of(snapshot: Mapping[str, Any] | None, *, whole: frozenset[str] = frozenset()) -> Ledger:
        """Return the ledger that a snapshot holds."""
        said = snapshot or {}
        positions = from_json(snapshot)
        return Ledger(
            said.get("identity") or secrets.token_hex(8),
            positions,
            frozenset(part.topic for part in positions),
            whole=whole,
            undecided={
                part: at for part, at in positions.items() if part.topic not in whole and not said.get("committed")
            },
            group_is_ahead=bool(said.get("group_is_ahead")),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the ledger as the JSON values of a snapshot."""
        ahead = {"group_is_ahead": True} if self.group_is_ahead else {}
        return {"identity": self.identity} | to_json(self.positions) | ahead

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
            self.put(part, at.moved(run[-1].offset + 1, run[-1].leader_epoch), now)
        return run

    def is_new(self, part: TopicPartition) -> bool:
        """Whether a partition that was never read has appeared since its topic is being read."""
        return part.topic in self.stored_topics or part not in (self.first_seen or ())

    def is_told(self, part: TopicPartition) -> bool:
        """Return whether the group knows what is read of a partition: of topics that are shared it does."""
        return part.topic not in self.whole

    def durable(self, positions: Mapping[TopicPartition, Position]) -> None:
        """Note that these positions are in a checkpoint."""
        for part, at in positions.items():
            if at.offset >= self.to_be_durable.get(part, at.offset + 1):
                del self.to_be_durable[part]

    def to_commit(
        self, positions: Mapping[TopicPartition, Position], parts: Iterable[TopicPartition]
    ) -> dict[TopicPartition, GroupOffset]:
        """Return what the group is to have of these partitions, where that is not what it has."""
        wanted = {
            part: self.group.get(part, NOTHING).followed_by(self.identity, at.offset, at.leader_epoch)
            for part, at in positions.items()
            if part in frozenset(parts) and self.is_told(part) and at.offset > self.committed.get(part, -1)
        }
        return {part: offset for part, offset in wanted.items() if offset != self.group.get(part)}

    def has_committed(self, offsets: Mapping[TopicPartition, GroupOffset]) -> None:
        """Note that the group has taken these."""
        self.group |= offsets
        self.committed |= {part: at.offset for part, at in offsets.items()}

    def unsettled(self, parts: Iterable[TopicPartition]) -> set[TopicPartition]:
        """Return those of the partitions of which more, or less, is learned than the group knows."""
        return {
            part
            for part in parts
            if self.is_told(part) and self.positions[part].offset != self.group.get(part, NOTHING).offset
        }

"""A member of a group as the daemon is one: it learns, saves, commits, dies and goes back."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connectors.source import CheckpointRefusedError, PartitionsLostError
from tests.connectors.kafka.reading import DEADLINE_SECONDS, new_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.kafka.source import KafkaSource
    from tests.kafka.cluster import Cluster

QUICK = {"reconnect_backoff_max_ms": 500, "heartbeat_interval_ms": 100}
COOPERATIVE = QUICK | {"partition_assignment_strategy": "cooperative-sticky"}
IMPATIENT = QUICK | {"max_poll_interval_ms": 700}

Event = tuple[int, int]
"""Partition and offset."""


@dataclass(frozen=True)
class Checkpoint:
    snapshot: dict[str, Any]
    learned: tuple[Event, ...]
    committed: bool = False


@dataclass
class Member:
    """What it has learned is a list of events; ``checkpoints`` are on its disk, the newest last."""

    source: KafkaSource
    learned: list[Event] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    withdrawals: int = 0

    @staticmethod
    def of(broker: Cluster, topic: str, **options: Any) -> Member:
        source = new_source(broker, topic, mode="subscribe", group=f"{topic}-group", **{"client": QUICK} | options)
        member = Member(source)
        source.open(None)
        member.save()
        return member

    def restarted(self, broker: Cluster, topic: str, **options: Any) -> Member:
        """Return the next life of a member that was killed or stopped: it knows what is on the disk."""
        after = Member.of(broker, topic, **options)
        after.checkpoints = list(self.checkpoints)
        after.take_up()
        return after

    def take_up(self) -> None:
        newest = self.checkpoints[-1]
        self.learned = list(newest.learned)
        self.source.open(newest.snapshot | {"committed": newest.committed})

    def turn(self) -> None:
        try:
            records = self.source.poll(500, 0.05)
        except PartitionsLostError as lost:
            if isinstance(lost, CheckpointRefusedError):
                self.withdrawals += 1
                self.checkpoints.pop()
            self.take_up()
            return
        self.learned += [(record.partition, record.offset) for record in records]
        if self.source.status().checkpoint_wanted:
            self.save()

    def save(self, *, commit: bool = True) -> bool:
        """Make a checkpoint; return whether it is known to be committed."""
        snapshot = self.source.snapshot()
        done = commit and self.source.commit(snapshot)
        self.checkpoints.append(Checkpoint(snapshot, tuple(self.learned), committed=done))
        return done

    def stop(self) -> None:
        """End in an orderly way."""
        self.save()
        self.source.close()

    @property
    def partitions(self) -> set[int]:
        return {part.partition for part in self.source.status().partitions}


def together(members: list[Member], done: Callable[[], bool]) -> None:
    """Let members take turns until something is so."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not done():
        for member in members:
            member.turn()
        assert time.monotonic() < deadline, [member.source.status() for member in members]

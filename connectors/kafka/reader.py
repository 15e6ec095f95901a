"""Reads through one connection, from the broker's first answer until an error."""

from __future__ import annotations

import logging
from itertools import chain
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, TopicPartition, errors

from connectors.kafka.assignment import KafkaAssignment
from connectors.kafka.placement import KafkaPlacement
from connectors.kafka.positions import Position
from connectors.kafka.record_batches import FastPartitionRecords
from connectors.kafka.stall_watch import StallWatch
from connectors.kafka.topic_watch import TopicWatch
from connectors.source import SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.kafka.connection import KafkaConnection
    from connectors.kafka.ledger import Ledger
    from connectors.kafka.source_options import KafkaSourceOptions
    from connectors.record import Record

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0  # how often holes and connections are checked, without a request
ENDS_SECONDS = 5.0  # how often the end offsets of partitions without progress are requested
FRESH_START_SECONDS = 30.0  # without its broker for this long, start again at the bootstrap servers


class KafkaReader:
    """Reads with one consumer until a method raises a KafkaError; the ledger then goes on to the next."""

    def __init__(
        self,
        connection: KafkaConnection,
        options: KafkaSourceOptions,
        ledger: Ledger,
        *,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self._connection = connection
        self._options = options
        self._ledger = ledger
        self._clock = clock
        self._monotonic = monotonic
        self.consumer: Any = KafkaConsumer(**options.consumer_config(), kafka_client=lambda **_: connection.client)
        FastPartitionRecords.install(self.consumer)
        self._assignment = KafkaAssignment(
            self.consumer,
            in_group=options.mode == "subscribe",
            partitions=options.partitions,
        )
        self._placement = KafkaPlacement(self.consumer, options, ledger)
        self._topics = TopicWatch(options.topics, options.pattern, options.topics_seconds, monotonic)
        self._stalls = StallWatch(options.stall_seconds, options.stall_exit_seconds)
        self._diverged: set[TopicPartition] = set()
        self._look_at = self._ends_at = float("-inf")
        self._trouble_since: float | None = None
        self._trouble = self._silent = self._absent = self._stalled = ""

    @property
    def active(self) -> list[TopicPartition]:
        """The partitions that are being read, sorted."""
        return sorted(self._assignment.active)

    @property
    def dependency_missing(self) -> str:
        """Which broker, topic or partition is missing, in a sentence; empty where none is."""
        return self._trouble or self._silent or self._topics.problem or self._absent

    @property
    def not_ready(self) -> str:
        """Why not all is read that should be, in a sentence; empty where it is."""
        if self.dependency_missing or self._stalled:
            return self.dependency_missing or self._stalled
        if not self._assignment.settled:
            return f"group {self._options.group} is rebalancing"
        if self._assignment.waiting or self._topics.found is None:
            return "looking up the positions to read from"
        return ""

    def read(self, max_records: int, deadline: float) -> Sequence[Record]:
        """Return records, partition by partition; none at the deadline, or earlier with nothing to wait for.

        Raises PositionLostError and SourceUnavailableError as the source does.
        """
        try:
            if not self._prepare(deadline):
                return []
            return self._poll(max_records, deadline) if max_records else self._rest(deadline)
        except errors.OffsetOutOfRangeError as error:
            self._distrust(error.args[0])
        except errors.LogTruncationError as error:
            self._distrust(error.divergent_offsets)
        return []

    def _left(self, deadline: float) -> float:
        return max(0.0, deadline - self._monotonic())

    # Getting ready: topics, then partitions, then positions.

    def _prepare(self, deadline: float) -> bool:
        if self._topics.ask(self._connection, self._left(deadline)):
            self._follow_topics()
        self._follow_rebalances()
        if self._assignment.waiting and self._topics.found is not None:
            self._place(sorted(self._assignment.waiting), self._topics.found)
        return self._options.mode == "subscribe" or bool(self._assignment.active)

    def _follow_topics(self) -> None:
        found = self._topics.found or {}
        gone = {part.topic for part in self.active} - found.keys()
        if gone:
            # This client would ask every second for what it once read; a new one does not.
            raise errors.UnknownTopicOrPartitionError(f"topic {', '.join(sorted(gone))} no longer exists")
        if self._ledger.first_seen is None:
            self._ledger.first_seen = frozenset(
                TopicPartition(name, number) for name, facts in found.items() for number in facts.partitions
            )
        self._absent = self._assignment.follow_topics(found)
        ids = {name: facts.topic_id for name, facts in found.items()}
        self._assignment.hold(part for part, at in self._read_now() if _other_id(at, ids.get(part.topic)))

    def _follow_rebalances(self) -> None:
        before = set(self._assignment.active)
        lost = self._assignment.follow_rebalances()
        self._stalls.forget(before - self._assignment.active)
        if lost:
            self._ledger.lost |= lost
            log.warning("partitions lost to the group without a revocation: %s", sorted(lost))
        if any(part.topic not in (self._topics.found or {}) for part in self._assignment.waiting):
            self._topics.distrust()

    def _place(self, parts: list[TopicPartition], topics: Mapping[str, Any]) -> None:
        for part, at in self._placement.place(parts, topics, self._diverged).items():
            self._ledger.put(part, at, self._clock())
            self._assignment.begin(part, at)
            log.info("reading %s/%d from offset %d", part.topic, part.partition, at.offset)
        self._diverged.difference_update(parts)

    def _distrust(self, parts: Mapping[TopicPartition, Any]) -> None:
        """Hold partitions whose positions do not fit the broker's log, until they are looked up again."""
        ours = self._assignment.active & parts.keys()
        self._assignment.hold(ours)
        self._diverged |= ours
        self._topics.distrust()

    # Reading.

    def _poll(self, max_records: int, deadline: float) -> Sequence[Record]:
        fetched = self.consumer.poll(timeout_ms=self._left(deadline) * 1000, max_records=max_records)
        self._follow_rebalances()
        records = self._deliver(fetched)
        if len(records) < max_records:
            self._stalls.idle_poll()
        now = self._monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            self._look(now)
        return records

    def _rest(self, deadline: float) -> Sequence[Record]:
        """Stay in the group and read nothing."""
        with self._assignment.at_rest():
            passed = self.consumer.poll(timeout_ms=self._left(deadline) * 1000, max_records=1)
        self._follow_rebalances()
        for part in self._assignment.active & passed.keys():
            self._assignment.seek(part, self._ledger.positions[part])
        self._stalls.forget()
        return []

    def _deliver(self, fetched: Mapping[TopicPartition, list[Any]]) -> Sequence[Record]:
        now = self._clock()
        active = self._assignment.active
        runs = [self._ledger.advance(part, fetched[part], now) for part in sorted(fetched) if part in active]
        return runs[0] if len(runs) == 1 else list(chain.from_iterable(runs))

    # Watching.

    def _look(self, now: float) -> None:
        self._pass_holes()
        self._look_at_connections(now)
        if any(_other_id(at, self._connection.topic_id(part.topic)) for part, at in self._read_now()):
            self._topics.distrust()
        if now >= self._ends_at and not self._trouble:
            self._ends_at = now + ENDS_SECONDS
            self._look_at_ends(now)

    def _pass_holes(self) -> None:
        """Move positions past offsets that hold no record, which the client knows and no record shows."""
        for part, at in self._read_now():
            offset = self.consumer.position(part, timeout_ms=0)
            if offset is not None and offset > at.offset:
                self._ledger.put(part, Position(offset, topic_id=at.topic_id), self._clock())

    def _look_at_connections(self, now: float) -> None:
        self._trouble = self._connection.trouble(self.active)
        if not self._trouble:
            self._trouble_since = None
            return
        self._topics.hurry()
        self._trouble_since = now if self._trouble_since is None else self._trouble_since
        if now - self._trouble_since >= FRESH_START_SECONDS:
            raise errors.KafkaConnectionError(self._trouble)

    def _look_at_ends(self, now: float) -> None:
        """Ask for the end offsets of the partitions without progress, and judge them."""
        self._silent = self._stalled = ""
        still = [part for part, at in self._read_now() if self._stalls.standing(part, at.offset, now)]
        if not still:
            return
        try:
            ends = self.consumer.end_offsets(still, timeout_ms=1000)
        except errors.KafkaTimeoutError:
            self._silent = "connected, but no broker answers"
            self._stalls.forget()
            return
        self._ledger.ends |= ends
        for part in still:
            self._act_on_stall(part, ends[part], now)

    def _act_on_stall(self, part: TopicPartition, end: int, now: float) -> None:
        verdict = self._stalls.judge(part, end, now)
        at = self._ledger.positions[part]
        sentence = f"{part.topic}/{part.partition} is stalled at offset {at.offset} while its log ends at {end}"
        if verdict == "give_up":
            raise SourceUnavailableError(f"{sentence}, for {self._options.stall_exit_seconds:.0f} s")
        if verdict == "seek_again":
            log.warning("%s: seeking again", sentence)
            self._assignment.seek(part, at)
        if verdict == "stalled":
            self._stalled = sentence

    def _read_now(self) -> list[tuple[TopicPartition, Position]]:
        return [(part, self._ledger.positions[part]) for part in self.active]


def _other_id(at: Position, topic_id: str | None) -> bool:
    return None not in (at.topic_id, topic_id) and at.topic_id != topic_id

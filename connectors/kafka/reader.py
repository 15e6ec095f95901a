"""Reads through one connection, from the broker's first answer until an error."""

from __future__ import annotations

import logging
from itertools import chain
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, TopicPartition, errors

from connectors.kafka.assignment import KafkaAssignment
from connectors.kafka.ledger import Unreadable
from connectors.kafka.partition_records import FastPartitionRecords
from connectors.kafka.placement import KafkaPlacement
from connectors.kafka.positions import Position
from connectors.kafka.rebalance_gate import RebalanceGate
from connectors.kafka.shared_placement import SharedPlacement
from connectors.kafka.time_order import FULL, TimeOrder
from connectors.kafka.topic_watch import TopicWatch
from connectors.kafka.unreadable import UnreadableError, name_partitions
from connectors.source import SourceDataError, SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.kafka.connection import KafkaConnection
    from connectors.kafka.ledger import Ledger
    from connectors.kafka.source_options import KafkaSourceOptions
    from connectors.kafka.stall_watch import StallWatch
    from connectors.record import Record

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0  # how often holes and connections are checked, without a request
ENDS_SECONDS = 5.0  # how often the end offsets of partitions without progress are requested
RETRY_SECONDS = 5.0  # how often what could not be read is tried again
FRESH_START_SECONDS = 30.0  # without its broker for this long, start again at the bootstrap servers


class KafkaReader:
    """Reads with one consumer until a method raises a KafkaError; the ledger then goes on to the next."""

    def __init__(
        self,
        connection: KafkaConnection,
        options: KafkaSourceOptions,
        ledger: Ledger,
        stalls: StallWatch,
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
        FastPartitionRecords.install(self.consumer, skip=options.on_unreadable == "skip")
        name_partitions(self.consumer)
        self._assignment = KafkaAssignment(
            self.consumer,
            in_group=options.mode == "subscribe",
            partitions=options.partitions,
        )
        self._gate = RebalanceGate(self.consumer)
        shared = options.mode == "subscribe"
        self._placement = (SharedPlacement if shared else KafkaPlacement)(self.consumer, options, ledger)
        self._topics = TopicWatch(options.topics, options.pattern, options.topics_seconds, monotonic)
        self._stalls = stalls
        self._order = TimeOrder(options.idle_seconds) if options.order == "timestamp" else None
        self._diverged: set[TopicPartition] = set()
        self._look_at = self._ends_at = float("-inf")
        self._trouble_since: float | None = None
        self._trouble = self._silent = self._absent = self._stalled = ""

    @property
    def active(self) -> list[TopicPartition]:
        """The partitions that are being read, sorted."""
        return sorted(self._assignment.active)

    @property
    def ours(self) -> list[TopicPartition]:
        """The partitions that are read, or would be if they could, sorted."""
        return sorted([*self._assignment.active, *self.held])

    @property
    def held(self) -> list[TopicPartition]:
        """The partitions of which the next records cannot be read, sorted."""
        return sorted(self._assignment.waiting & self._ledger.unreadable.keys())

    @property
    def placed(self) -> bool:
        """Whether the partitions are known, and every one of them has its position."""
        waiting = self._assignment.waiting - self._ledger.unreadable.keys()
        return self._topics.found is not None and self._assignment.settled and not waiting

    @property
    def waits_for_checkpoint(self) -> bool:
        """Whether nothing more is delivered until positions are durable, or before a rebalance, committed."""
        if not self._assignment.active.isdisjoint(self._ledger.to_be_durable):
            return True
        return self._gate.wanted and bool(self._to_hand_over)

    @property
    def _to_hand_over(self) -> set[TopicPartition]:
        """The partitions of which the group does not know yet what was learned."""
        return self._ledger.unsettled(self.ours) if self._gate.still_a_member else set()

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
        if not self.placed:
            return "looking up the positions to read from"
        return "; ".join(self._ledger.unreadable[part].problem for part in self.held)

    def read(self, max_records: int, deadline: float) -> Sequence[Record]:
        """Return records, partition by partition; none at the deadline, or earlier with nothing to wait for.

        Raises PositionLostError and SourceUnavailableError as the source does.
        """
        try:
            if not self._prepare(deadline):
                return []
            if not max_records:
                return self._rest(deadline)
            if self._order is not None:
                return self._poll_in_order(self._order, max_records, deadline)
            return self._poll(max_records, deadline)
        except errors.OffsetOutOfRangeError as error:
            self._distrust(error.args[0])
        except errors.LogTruncationError as error:
            self._distrust(error.divergent_offsets)
        except UnreadableError as error:
            self._hold(error)
        return []

    def _left(self, deadline: float) -> float:
        return max(0.0, deadline - self._monotonic())

    # Getting ready: topics, then partitions, then positions.

    def _prepare(self, deadline: float) -> bool:
        if self._topics.ask(self._connection, self._left(deadline)):
            self._follow_topics()
        self._follow_rebalances()
        if self._options.mode == "assign":
            self._place()
            return bool(self._assignment.active) and not self.waits_for_checkpoint
        self._share()
        return not self.waits_for_checkpoint

    def _share(self) -> None:
        """Take part in a rebalance once what was learned is committed; place what it gave when it is over."""
        rebalancing = self._gate.wanted
        self._gate.open = rebalancing and not self._to_hand_over
        if self._gate.open:
            self._assignment.hold(self._assignment.active)
        elif not rebalancing and self._assignment.settled:
            self._place()

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
        lost = self._ledger.unsettled(lost & self._ledger.positions.keys())
        if lost:
            self._ledger.lost |= lost
            log.warning("partitions lost to the group without a revocation: %s", sorted(lost))
        if any(part.topic not in (self._topics.found or {}) for part in self._assignment.waiting):
            self._topics.distrust()

    def _place(self) -> None:
        topics, parts = self._topics.found, sorted(filter(self._may_be_tried, self._assignment.waiting))
        if not parts or topics is None:
            return
        for part, at in self._placement.place(parts, topics, self._diverged).items():
            self._ledger.put(part, at, self._clock())
            self._assignment.begin(part, at)
            if self._order is not None:
                self._order.forget(part)
            log.info("reading %s/%d from offset %d", part.topic, part.partition, at.offset)
        self._diverged.difference_update(parts)

    def _distrust(self, parts: Mapping[TopicPartition, Any]) -> None:
        """Hold partitions whose positions do not fit the broker's log, until they are looked up again."""
        ours = self._assignment.active & parts.keys()
        self._assignment.hold(ours)
        self._diverged |= ours
        self._topics.distrust()

    def _hold(self, error: UnreadableError) -> None:
        """Read nothing of a partition for a while; another replica may have what this one has lost."""
        part, now = error.part, self._monotonic()
        if part not in self._assignment.active:
            return
        position = self._ledger.positions[part].offset
        before = self._ledger.unreadable.get(part)
        since = before.since if before is not None and before.position == position else now
        if now - since >= self._options.stall_exit_seconds:
            raise SourceDataError(f"{error}; set source.on_unreadable to skip to pass it, its bytes a dead letter")
        self._ledger.unreadable[part] = Unreadable(str(error), position, since, now + RETRY_SECONDS)
        self._assignment.hold([part])

    def _may_be_tried(self, part: TopicPartition) -> bool:
        unreadable = self._ledger.unreadable.get(part)
        return unreadable is None or self._monotonic() >= unreadable.retry_at

    # Reading.

    def _poll(self, max_records: int, deadline: float) -> Sequence[Record]:
        fetched = self.consumer.poll(timeout_ms=self._left(deadline) * 1000, max_records=max_records)
        self._follow_rebalances()
        records = self._deliver(fetched)
        self._look_around(idle=len(records) < max_records)
        return records

    def _poll_in_order(self, order: TimeOrder, max_records: int, deadline: float) -> Sequence[Record]:
        """Fetch until every partition has shown its next record; return the earliest of all."""
        while True:
            records = self._take(order, max_records)
            wait = 0.0 if records else self._left(deadline)
            fetched = self.consumer.poll(timeout_ms=wait * 1000, max_records=FULL)
            self._follow_rebalances()
            self._queue(order, fetched)
            self._look_around(idle=not fetched)
            records = records or self._take(order, max_records)
            if records or not fetched or not self._left(deadline):
                return records

    def _take(self, order: TimeOrder, max_records: int) -> Sequence[Record]:
        order.keep(self._assignment.active)
        records = order.take(self.active, max_records, has_more=self._has_more, now=self._monotonic())
        last = {TopicPartition(record.topic, record.partition): record for record in records}
        for part, record in last.items():
            self._ledger.advance(part, [record], self._clock())
            if order.waiting(part) < FULL // 2:
                self.consumer.resume(part)
        self._ledger.order_timeouts = order.timeouts
        return records

    def _queue(self, order: TimeOrder, fetched: Mapping[TopicPartition, list[Any]]) -> None:
        for part in fetched.keys() & self._assignment.active:
            at = self._ledger.positions[part]
            order.add(part, [record for record in fetched[part] if record.offset >= at.offset])
            self._ledger.unreadable.pop(part, None)
            if order.waiting(part) >= FULL:
                self.consumer.pause(part)

    def _has_more(self, part: TopicPartition) -> bool:
        """Whether a log is known to have records that were not fetched yet."""
        position = self.consumer._subscription.assignment[part].position  # noqa: SLF001  # position() asks a broker
        return position is None or position.offset < (self._end(part) or 0)

    def _end(self, part: TopicPartition) -> int | None:
        ends = (self._ledger.ends.get(part), self.consumer.highwater(part))
        return max((end for end in ends if end is not None), default=None)

    def _look_around(self, *, idle: bool) -> None:
        if idle:
            self._stalls.idle_poll()
        now = self._monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            self._look(now)

    def _rest(self, deadline: float) -> Sequence[Record]:
        """Stay in the group and read nothing."""
        with self._assignment.at_rest():
            passed = self.consumer.poll(timeout_ms=self._left(deadline) * 1000, max_records=1)
        self._follow_rebalances()
        if self._order is not None:
            self._queue(self._order, passed)  # the client stands behind what waits for other partitions
        else:
            for part in self._assignment.active & passed.keys():
                self._assignment.seek(part, self._ledger.positions[part])
        self._stalls.forget()
        return []

    def _deliver(self, fetched: Mapping[TopicPartition, list[Any]]) -> Sequence[Record]:
        now = self._clock()
        active = self._assignment.active
        runs = [self._ledger.advance(part, fetched[part], now) for part in sorted(fetched) if part in active]
        for part in fetched.keys() & self._ledger.unreadable.keys():
            del self._ledger.unreadable[part]
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
        for part, at in self._fetched_up_to():
            state = self.consumer._subscription.assignment[part]  # noqa: SLF001  # position() leaves the epoch out
            if state.position is not None and state.position.offset > at.offset:
                behind = Position(state.position.offset, state.position.leader_epoch, at.topic_id)
                self._ledger.put(part, behind, self._clock())

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
        still = [part for part, at in self._fetched_up_to() if self._stalls.standing(part, at.offset, now)]
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

    def _fetched_up_to(self) -> list[tuple[TopicPartition, Position]]:
        """Return the partitions of which no record waits for others: the client stands where we do."""
        if self._order is None:
            return self._read_now()
        return [(part, at) for part, at in self._read_now() if not self._order.waiting(part)]

    def _read_now(self) -> list[tuple[TopicPartition, Position]]:
        return [(part, self._ledger.positions[part]) for part in self.active]


def _other_id(at: Position, topic_id: str | None) -> bool:
    return None not in (at.topic_id, topic_id) and at.topic_id != topic_id

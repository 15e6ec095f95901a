"""Reads with one client, from the broker's first answer until an error."""

from __future__ import annotations

import logging
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

from kafka import TopicPartition, errors

from connectors.kafka.assignment import KafkaAssignment
from connectors.kafka.ledger import Unreadable
from connectors.kafka.log_watch import LogWatch
from connectors.kafka.ordered_polling import OrderedPolling
from connectors.kafka.placement import KafkaPlacement
from connectors.kafka.shared_placement import SharedPlacement
from connectors.kafka.time_order import FULL
from connectors.kafka.topic_watch import TopicWatch
from connectors.kafka.unreadable import UnreadableError
from connectors.source import SourceDataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.kafka.ledger import Ledger
    from connectors.kafka.log_client import GroupClient, LogClient
    from connectors.kafka.positions import Position
    from connectors.kafka.rebalance_gate import RebalanceGate
    from connectors.kafka.source_options import KafkaSourceOptions
    from connectors.kafka.stall_watch import StallWatch
    from connectors.record import Record

log = logging.getLogger(__name__)

WITHOUT_SECONDS = 5.0  # without a partition, how long until a member believes that it is given none
RETRY_SECONDS = 5.0  # how often what could not be read is tried again
_TO_PASS = {
    "kafka-python": "set source.on_unreadable to skip to pass it",
    "librdkafka": "set source.client to kafka-python, and source.on_unreadable to skip, to pass it",
}


class KafkaReader:
    """Reads with one client until a method raises a KafkaError; the ledger then goes on to the next."""

    def __init__(
        self,
        client: LogClient,
        options: KafkaSourceOptions,
        ledger: Ledger,
        stalls: StallWatch,
        *,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self.client = client
        self._options = options
        self._ledger = ledger
        self._clock = clock
        self._monotonic = monotonic
        group = cast("GroupClient", client) if options.mode == "subscribe" else None
        self._gate: RebalanceGate | None = None if group is None else group.gate
        self._assignment = KafkaAssignment(client, group=group, partitions=options.partitions)
        kind = KafkaPlacement if group is None else SharedPlacement
        self._placement = kind(client, options, ledger)
        self._topics = TopicWatch(options.topics, options.pattern, options.topics_seconds, monotonic)
        self._stalls = stalls
        self._order = (
            OrderedPolling(client, options, ledger, clock=clock, monotonic=monotonic)
            if options.order == "timestamp"
            else None
        )
        self._watch = LogWatch(
            client,
            options=options,
            ledger=ledger,
            stalls=stalls,
            assignment=self._assignment,
            topics=self._topics,
            clock=clock,
        )
        self._diverged: set[TopicPartition] = set()
        self._absent = ""
        self._without_since: float | None = None

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
    def undecided(self) -> bool:
        """Whether it is not known yet if what the checkpoint holds is this model's own, in a shared group."""
        return self._placement.undecided

    @property
    def waits_for_checkpoint(self) -> bool:
        """Whether nothing more is delivered until positions are durable, or before a rebalance, committed."""
        if not self._assignment.active.isdisjoint(self._ledger.to_be_durable):
            return True
        return self._gate is not None and self._gate.wanted and bool(self._to_hand_over(self._gate))

    def _to_hand_over(self, gate: RebalanceGate) -> set[TopicPartition]:
        """Return the partitions of which the group does not know yet what was learned."""
        return self._ledger.unsettled(self.ours) if gate.still_a_member else set()

    @property
    def dependency_missing(self) -> str:
        """Which broker, topic or partition is missing, in a sentence; empty where none is."""
        return self._watch.missing or self._topics.problem or self._absent

    @property
    def not_ready(self) -> str:
        """Why not all is read that should be, in a sentence; empty where it is."""
        if self.dependency_missing or self._watch.stalled:
            return self.dependency_missing or self._watch.stalled
        if not self._assignment.settled:
            return f"group {self._options.group} is rebalancing"
        if not self.placed or self.undecided:
            return "looking up the positions to read from"
        return "; ".join(self._ledger.unreadable[part].problem for part in self.held)

    def read(self, max_records: int, deadline: float) -> Sequence[Record]:
        """Return records, partition by partition; none at the deadline, or earlier with nothing to wait for.

        Raises PositionLostError and SourceUnavailableError as the source does.
        """
        try:
            if not self._prepare(deadline):
                return []
            # First, because it may fail: what a poll has brought must not get lost with it.
            self._watch.look(self._monotonic(), self._fetched_up_to())
            if not max_records:
                return self._rest(deadline)
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
        if self._topics.ask(self.client, self._left(deadline)):
            self._follow_topics()
        self._follow_rebalances()
        if self._gate is None:
            self._place()
            return bool(self._assignment.active) and not self.waits_for_checkpoint
        self._share(self._gate)
        return not self.waits_for_checkpoint

    def _share(self, gate: RebalanceGate) -> None:
        """Take part in a rebalance once what was learned is committed; place what it gave when it is over."""
        rebalancing = gate.wanted
        gate.open = rebalancing and not self._to_hand_over(gate)
        if gate.open:
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
        self._assignment.hold(part for part, at in self._read_now() if at.is_of_another_topic(ids.get(part.topic)))

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
        if topics is None or not self._may_place(parts):
            return
        for part, at in self._placement.place(parts, topics, self._diverged).items():
            self._ledger.put(part, at, self._clock())
            self._assignment.begin(part, at)
            if self._order is not None:
                self._order.forget(part)
            log.info("reading %s/%d from offset %d", part.topic, part.partition, at.offset)
        self._diverged.difference_update(parts)

    def _may_place(self, parts: Sequence[TopicPartition]) -> bool:
        """Whether to place these, or without any, to ask what became of those that were read before.

        Who has been without a share for so long is given none: right after it has joined, that is not certain.
        """
        shares = any(map(self._ledger.is_told, (*parts, *self._assignment.active)))
        if shares or not self._placement.undecided:
            self._without_since = None
            return bool(parts)
        self._without_since = self._monotonic() if self._without_since is None else self._without_since
        return self._monotonic() - self._without_since >= WITHOUT_SECONDS

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
            raise SourceDataError(f"{error}; {_TO_PASS[self._options.library]}, its bytes a dead letter")
        self._ledger.unreadable[part] = Unreadable(str(error), position, since, now + RETRY_SECONDS)
        self._assignment.hold([part])

    def _may_be_tried(self, part: TopicPartition) -> bool:
        unreadable = self._ledger.unreadable.get(part)
        return unreadable is None or self._monotonic() >= unreadable.retry_at

    # Reading.

    def _poll(self, max_records: int, deadline: float) -> Sequence[Record]:
        """Fetch, and deliver at once; in order, fetch until every partition has shown its next record."""
        if self._order is None:
            return self._deliver(self._fetch(self._left(deadline), max_records))
        wait = 0.0
        while True:
            fetched = self._fetch(wait, FULL)
            self._order.queue(fetched, self._assignment.active)
            records = self._order.take(self.active, max_records)
            if records or (wait and not fetched) or not self._left(deadline):
                return records
            wait = self._left(deadline)

    def _fetch(self, wait_seconds: float, max_records: int) -> Mapping[TopicPartition, list[Any]]:
        fetched = self.client.poll(wait_seconds, max_records)
        self._follow_rebalances()
        for part in fetched.keys() & self._ledger.unreadable.keys():
            del self._ledger.unreadable[part]
        if sum(map(len, fetched.values())) < max_records and not self.client.cut_short:
            self._stalls.idle_poll()
        return fetched

    def _rest(self, deadline: float) -> Sequence[Record]:
        """Stay in the group and read nothing."""
        passed = self.client.rest(self._assignment.active, self._left(deadline))
        self._follow_rebalances()
        if self._order is not None:
            # The client stands behind what waits for other partitions.
            self._order.queue(passed, self._assignment.active)
        else:
            for part in self._assignment.active & passed.keys():
                self._assignment.begin(part, self._ledger.positions[part])
        self._stalls.forget()
        return []

    def _deliver(self, fetched: Mapping[TopicPartition, list[Any]]) -> Sequence[Record]:
        now = self._clock()
        active = self._assignment.active
        runs = [self._ledger.advance(part, fetched[part], now) for part in sorted(fetched) if part in active]
        return runs[0] if len(runs) == 1 else list(chain.from_iterable(runs))

    def _fetched_up_to(self) -> list[tuple[TopicPartition, Position]]:
        """Return the partitions of which no record waits for others: the client stands where we do."""
        if self._order is None:
            return self._read_now()
        return [(part, at) for part, at in self._read_now() if not self._order.waiting(part)]

    def _read_now(self) -> list[tuple[TopicPartition, Position]]:
        return [(part, self._ledger.positions[part]) for part in self.active]

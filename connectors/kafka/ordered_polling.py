"""What was fetched and waits for its turn by time, and the positions behind what was given out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from kafka import TopicPartition

from connectors.kafka.time_order import FULL, TimeOrder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from connectors.kafka.ledger import Ledger
    from connectors.kafka.log_client import LogClient
    from connectors.kafka.source_options import KafkaSourceOptions
    from connectors.record import Record


FULL_BYTES = 64 * 1024 * 1024
"""Of what waits of one partition, at which no more of it is fetched."""
AHEAD_SECONDS = 86_400.0
"""How far a record's time may be ahead of this machine's clock, as by default for decoders."""


class OrderedPolling:
    """Takes in what a client has fetched, and gives out the earliest; a partition that runs ahead is paused."""

    def __init__(
        self,
        client: LogClient,
        options: KafkaSourceOptions,
        ledger: Ledger,
        *,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self._client = client
        self._ledger = ledger
        self._clock = clock
        self._monotonic = monotonic
        self._order = TimeOrder(options.idle_seconds, latest_ms=lambda: (clock() + AHEAD_SECONDS) * 1e3)
        self._bytes: Counter[TopicPartition] = Counter()
        """Of what waits of each partition."""

    def waiting(self, part: TopicPartition) -> int:
        """Return how many records of a partition wait for others."""
        return self._order.waiting(part)

    def forget(self, part: TopicPartition) -> None:
        """Drop what waits of a partition that begins anew at its position."""
        self._order.forget(part)
        del self._bytes[part]

    def queue(self, fetched: Mapping[TopicPartition, list[Any]], active: Collection[TopicPartition]) -> None:
        """Take in what a poll brought of the partitions that are read; drop what waits of any other."""
        self._order.keep(active)
        for gone in self._bytes.keys() - set(active):
            del self._bytes[gone]
        for part in fetched.keys() & set(active):
            at = self._ledger.positions[part]
            run = [record for record in fetched[part] if record.offset >= at.offset]
            self._order.add(part, run)
            self._bytes[part] += sum(len(record.value or b"") for record in run)
            if self._order.waiting(part) >= FULL or self._bytes[part] >= FULL_BYTES:
                self._client.pause(part)

    def take(self, active: Sequence[TopicPartition], max_records: int) -> Sequence[Record]:
        """Return the earliest records and advance the positions; none while a partition is waited for."""
        before = self._order.timeouts
        records = self._order.take(active, max_records, has_more=self._has_more, now=self._monotonic())
        self._ledger.order_timeouts += self._order.timeouts - before
        for record in records:
            self._bytes[TopicPartition(record.topic, record.partition)] -= len(record.value or b"")
        now = self._clock()
        for part, record in {TopicPartition(each.topic, each.partition): each for each in records}.items():
            self._ledger.advance(part, [record], now)
            if self._order.waiting(part) < FULL // 2 and self._bytes[part] < FULL_BYTES:
                self._client.resume(part)
        return records

    def _has_more(self, part: TopicPartition) -> bool:
        """Whether a log is known to have records that were not fetched yet."""
        position = self._client.position(part)
        ends = (self._ledger.ends.get(part), self._client.high_watermark(part))
        end = max((end for end in ends if end is not None), default=0)
        return position is None or position < end

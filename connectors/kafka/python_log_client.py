"""Reads logs with kafka-python."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer
from kafka.protocol.consumer import OffsetSpec
from kafka.structs import MemberState, OffsetAndMetadata

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.log_client import LogEnd
from connectors.kafka.partition_records import MAX_BATCH_BYTES, FastPartitionRecords
from connectors.kafka.poll_budget import PollBudget
from connectors.kafka.rebalance_gate import RebalanceGate
from connectors.kafka.unreadable import name_partitions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kafka import TopicPartition
    from kafka.consumer.subscription_state import ConsumerRebalanceListener

    from connectors.kafka.log_client import TopicQuestion
    from connectors.kafka.positions import Position
    from connectors.record import Record


class PythonLogClient:
    """See ``LogClient`` and ``GroupClient``: kafka-python's consumer, with parts of it replaced.

    ``skip``: what to do with a damaged batch, see FastPartitionRecords.
    """

    def __init__(
        self, config: Mapping[str, Any], *, skip: bool = False, max_batch_bytes: int = MAX_BATCH_BYTES
    ) -> None:
        self._config = config
        self._skip = skip
        self._max_batch_bytes = max_batch_bytes
        self._budget = PollBudget()
        self._connection = KafkaConnection(config)

    @cached_property
    def consumer(self) -> Any:
        """kafka-python's own, which takes the connection over."""
        consumer = KafkaConsumer(**self._config, kafka_client=lambda **_: self._connection.client)
        self._budget.end_polls_of(consumer)
        FastPartitionRecords.install(
            consumer, skip=self._skip, budget=self._budget, max_batch_bytes=self._max_batch_bytes
        )
        name_partitions(consumer)
        return consumer

    @property
    def refusal(self) -> str:
        """See ``LogClient``, as for all that follow."""
        return self._connection.refusal

    def answered(self, timeout_seconds: float) -> bool:
        """See ``LogClient``."""
        return self._connection.answered(timeout_seconds)

    def close(self, timeout_seconds: float) -> None:
        """See ``LogClient``."""
        consumer = self.__dict__.pop("consumer", None)
        try:
            if consumer is not None:
                consumer.close(autocommit=False, timeout_ms=timeout_seconds * 1000)
        finally:
            self._connection.close()

    def describe(self, names: Sequence[str] | None) -> TopicQuestion:
        """See ``LogClient``."""
        question: TopicQuestion = self._connection.describe(names)
        return question

    def wait(self, question: TopicQuestion, timeout_seconds: float) -> bool:
        """See ``LogClient``."""
        return self._connection.wait(question, timeout_seconds)

    def topic_id(self, name: str) -> str | None:
        """See ``LogClient``."""
        return self._connection.topic_id(name)

    def trouble(self, parts: Iterable[TopicPartition]) -> str:
        """See ``LogClient``."""
        return self._connection.trouble(parts)

    def starts(self, parts: Sequence[TopicPartition], timeout_seconds: float) -> dict[TopicPartition, int]:
        """See ``LogClient``."""
        return dict(self.consumer.beginning_offsets(parts, timeout_ms=timeout_seconds * 1000))

    def ends(self, parts: Sequence[TopicPartition], timeout_seconds: float) -> dict[TopicPartition, LogEnd]:
        """See ``LogClient``."""
        # The consumer's end_offsets() leaves the leader's epoch out.
        fetcher = self.consumer._fetcher  # noqa: SLF001
        ends = fetcher.offsets_by_times(dict.fromkeys(parts, OffsetSpec.LATEST), timeout_ms=timeout_seconds * 1000)
        return {part: LogEnd(ends[part].offset, ends[part].leader_epoch) for part in parts}

    def first_since(self, part: TopicPartition, milliseconds: int, timeout_seconds: float) -> int | None:
        """See ``LogClient``."""
        asked = {part: milliseconds}
        found = self.consumer.offsets_for_times(asked, timeout_ms=timeout_seconds * 1000)[part]
        return None if found is None else int(found.offset)

    def committed(
        self, parts: Sequence[TopicPartition], timeout_seconds: float
    ) -> Mapping[TopicPartition, OffsetAndMetadata]:
        """Ask for all at once: one by one, a thousand partitions would take a thousand requests."""
        coordinator = self.consumer._coordinator  # noqa: SLF001  # committed() takes one partition
        return dict(coordinator.fetch_committed_offsets(parts, timeout_ms=timeout_seconds * 1000))

    def commit(self, offsets: Mapping[TopicPartition, OffsetAndMetadata], timeout_seconds: float) -> None:
        """See ``LogClient``."""
        self.consumer.commit(dict(offsets), timeout_ms=timeout_seconds * 1000)

    def assign(self, parts: Iterable[TopicPartition]) -> None:
        """See ``LogClient``."""
        self.consumer.assign(sorted(parts))

    def begin(self, part: TopicPartition, at: Position) -> None:
        """See ``LogClient``."""
        state = self.consumer._subscription  # noqa: SLF001  # seek() of the consumer takes no leader epoch
        state.seek(part, OffsetAndMetadata(at.offset, "", at.leader_epoch))
        self.consumer.resume(part)

    def hold(self, parts: Iterable[TopicPartition]) -> None:
        """See ``LogClient``."""
        for part in parts:
            self.consumer.pause(part)
            self.consumer.seek(part, 0)  # without any position the client would look for one itself

    def pause(self, part: TopicPartition) -> None:
        """See ``LogClient``."""
        self.consumer.pause(part)

    def resume(self, part: TopicPartition) -> None:
        """See ``LogClient``."""
        self.consumer.resume(part)

    def poll(self, timeout_seconds: float, max_records: int) -> Mapping[TopicPartition, list[Record]]:
        """See ``LogClient``."""
        self._budget.refill()
        return dict(self.consumer.poll(timeout_ms=timeout_seconds * 1000, max_records=max_records))

    def rest(
        self, parts: Iterable[TopicPartition], timeout_seconds: float
    ) -> Mapping[TopicPartition, list[Record]]:
        """See ``LogClient``."""
        with self._paused(sorted(parts)):
            return self.poll(timeout_seconds, 1)

    @contextmanager
    def _paused(self, parts: Sequence[TopicPartition]) -> Iterator[None]:
        self.consumer.pause(*parts)
        try:
            yield
        finally:
            for part in parts:
                with suppress(KeyError):  # the group has taken it away, and no change says so yet
                    self.consumer.resume(part)

    @property
    def cut_short(self) -> bool:
        """See ``LogClient``."""
        return self._budget.spent

    def position(self, part: TopicPartition) -> int | None:
        """See ``LogClient``."""
        at = self._at(part)
        return None if at is None else int(at.offset)

    def passed(self, parts: Sequence[tuple[TopicPartition, Position]]) -> dict[TopicPartition, Position]:
        """See ``LogClient``."""
        found = {part: (at, self._at(part)) for part, at in parts}
        return {
            part: at.moved(there.offset, there.leader_epoch)
            for part, (at, there) in found.items()
            if there is not None and there.offset > at.offset
        }

    def _at(self, part: TopicPartition) -> Any:
        # position() leaves the epoch out, and may ask a broker.
        return self.consumer._subscription.assignment[part].position  # noqa: SLF001

    def high_watermark(self, part: TopicPartition) -> int | None:
        """See ``LogClient``."""
        end: int | None = self.consumer.highwater(part)
        return end

    # As a member of a group.

    @cached_property
    def gate(self) -> RebalanceGate:
        """See ``GroupClient``, as for all that follow."""
        return RebalanceGate(self.consumer)

    @property
    def is_settled(self) -> bool:
        """See ``GroupClient``."""
        return bool(self.consumer.group_metadata().state == MemberState.STABLE)

    def subscribe(self, topics: Sequence[str], listener: ConsumerRebalanceListener) -> None:
        """See ``GroupClient``."""
        self.consumer.subscribe(topics=topics, listener=listener)

    def go_on_joining(self) -> None:
        """Complete a rebalance.

        kafka-python (3.0.12) forgets one that was caused by new partitions or topics and outlasts a poll: the
        process remains a member of the group, waits for ever and reads nothing.
        """
        if self.consumer.group_metadata().state == MemberState.REBALANCING:
            self.consumer._coordinator.request_rejoin()  # noqa: SLF001  # no public method goes on joining

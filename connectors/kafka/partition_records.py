"""The records that one fetch brought of a partition, decoded batch by batch."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from kafka.consumer.fetcher import Fetcher, IsolationLevel
from kafka.errors import CorruptRecordError

from connectors.kafka.poll_budget import PollBudget
from connectors.kafka.record_batches import MAGIC, OpenBatch, old_records_of, opened
from connectors.kafka.unreadable import UnreadableError, end_of
from connectors.record import UnreadableRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kafka import TopicPartition


MAX_BATCH_BYTES = 64 * 1024 * 1024
NOTHING = OpenBatch((), 0, 0)


class _Pause:
    """Stands between two batches where a poll is to end; to the client, a record from before any that it wants."""

    offset = -1


PAUSE = _Pause()


class FastPartitionRecords(Fetcher.PartitionRecords):  # type: ignore[misc]
    """The records that one fetch brought of a partition.

    kafka-python decodes a record with a dozen calls and makes two objects of it, which takes longer than learning
    from it. Here one loop decodes a whole batch. A damaged batch (a wrong checksum, another's place) ends with
    UnreadableError, or becomes one ``UnreadableRecord`` if ``skip`` says so: another replica may have it whole. One
    that was written so (a compression that does not open, or opens to more than ``max_batch_bytes``; fields that do
    not add up) becomes one in any case: what any producer can write is to stop nobody. ``log_end`` returns the end
    of a partition's log as far as it is known: a broker reads it before it reads the batches of the same answer, so
    one that ends behind it may stand there rightly. ``doubted`` remembers such a batch of each partition, which is
    fetched once more.
    """

    def __init__(
        self,
        *arguments: Any,
        skip: bool = False,
        log_end: Callable[[TopicPartition], int | None],
        doubted: dict[TopicPartition, int] | None = None,
        budget: PollBudget | None = None,
        max_batch_bytes: int = MAX_BATCH_BYTES,
        **options: Any,
    ) -> None:
        self._skip = skip
        self._budget = budget or PollBudget()
        self._max_batch_bytes = max_batch_bytes
        self._log_end = log_end
        self._doubted = {} if doubted is None else doubted
        super().__init__(*arguments, **options)

    @staticmethod
    def install(consumer: Any, *, skip: bool, budget: PollBudget, max_batch_bytes: int) -> None:
        """Let a ``KafkaConsumer`` use this class for what it fetches from now on."""
        made = partial(
            FastPartitionRecords,
            skip=skip,
            log_end=consumer.highwater,
            doubted={},
            budget=budget,
            max_batch_bytes=max_batch_bytes,
        )
        consumer._fetcher.PartitionRecords = made  # noqa: SLF001  # the client offers no other way

    def take(self, n: int | None = None) -> list[Any]:
        """Return up to ``n`` records, or fewer where the poll has brought enough bytes."""
        self._maybe_raise_next_inline_exception()
        records: list[Any] = []
        try:
            records.extend(islice(iter(self.record_iterator.__next__, PAUSE), n))
        except Exception as error:
            if not records:
                raise
            self._next_inline_exception = error  # thrown by the next call
        return records

    def _unpack_records(self, tp: Any, records: Any, *deserializers: Any) -> Iterator[Any]:
        """Yield the records batch by batch; kafka-python's own counts and positions are kept up to date."""
        assert not any(deserializers)
        while (batch := records.next_batch()) is not None:
            if self._budget.spent:
                yield PAUSE
            raw = batch._buffer  # noqa: SLF001  # nothing else has all its bytes, until they are decompressed
            try:
                self._require_undamaged(tp, batch)
                if self._is_doubtful(tp, batch):
                    break  # and fetched again
            except Exception as error:  # noqa: BLE001  # each compression library has errors of its own
                yield self._unreadable(tp, bytes(raw), error, records)
                break  # whatever follows is fetched again: this batch may not end where it says
            try:
                decoded = self._decode(tp, batch)
            except Exception as error:  # noqa: BLE001  # each compression library has errors of its own
                self._budget.spend(len(raw), records=1)
                yield self._passed(bytes(raw), batch, error)
                continue
            self._budget.spend(decoded.size_bytes, records=decoded.total)
            for record in decoded.records:
                self.records_read += 1
                self.next_fetch_offset = record.offset + 1
                yield record
            if batch.magic == MAGIC:
                # Compaction may have removed the last records of a batch; the next fetch begins behind them.
                self.next_fetch_offset = batch.next_offset
            self.bytes_read += batch.size_in_bytes
        self.drain()

    def _require_undamaged(self, tp: TopicPartition, batch: Any) -> None:
        """Raise ``CorruptRecordError`` where a batch is not what was written, or stands in another's place."""
        if self.check_crcs and not batch.validate_crc():
            raise CorruptRecordError(f"{_name(tp, batch)} has a wrong checksum (CRC)")
        if batch.magic > MAGIC:
            raise CorruptRecordError(f"{_name(tp, batch)} is of a format that nobody knows ({batch.magic})")
        if batch.magic == MAGIC and batch.next_offset <= self.next_fetch_offset:
            raise CorruptRecordError(f"{_name(tp, batch)} does not stand there")

    def _is_doubtful(self, tp: TopicPartition, batch: Any) -> bool:
        """Whether to fetch a batch once more, to know whether the log goes as far as it says.

        Its checksum is not of its offset, which brokers set. The one that is expected is right without any doubt.
        Raises CorruptRecordError where it was fetched once more already.
        """
        log_end = self._log_end(tp)
        is_known = batch.magic < MAGIC or batch.base_offset == self.next_fetch_offset
        if is_known or log_end is None or batch.next_offset <= log_end:
            return False
        if self._doubted.get(tp) == batch.base_offset:
            raise CorruptRecordError(f"{_name(tp, batch)} does not stand there")
        self._doubted[tp] = batch.base_offset
        return True

    def _decode(self, tp: TopicPartition, batch: Any) -> OpenBatch:
        """Return all records of a batch, none where it is to be left out."""
        if batch.magic < MAGIC:
            old = list(old_records_of(batch, topic=tp.topic, partition=tp.partition))
            return OpenBatch(old, len(old), batch.size_in_bytes)
        self.leader_epoch = batch.leader_epoch
        if self._is_left_out(batch):
            return NOTHING
        return opened(batch, topic=tp.topic, partition=tp.partition, most_bytes=self._max_batch_bytes)

    def _is_left_out(self, batch: Any) -> bool:
        """Whether it is the marker of a transaction, or of one that was aborted (KIP-98)."""
        if not self.aborted_transactions and not self.aborted_producer_ids:
            return bool(batch.is_control_batch)
        if self.isolation_level == IsolationLevel.READ_COMMITTED and batch.has_producer_id():
            self._consume_aborted_transactions_up_to(batch.last_offset)
            if self._contains_abort_marker(batch):
                self.aborted_producer_ids.discard(batch.producer_id)
            elif self._is_batch_aborted(batch):
                return True
        return bool(batch.is_control_batch)

    def _passed(self, raw: bytes, batch: Any, error: Exception) -> UnreadableRecord:
        """Return what stands for a batch that was written as it is, so that no other replica has it better."""
        first, part = self.next_fetch_offset, self.topic_partition
        end = batch.next_offset if batch.magic == MAGIC else batch.base_offset + 1
        self.records_read += 1
        self.next_fetch_offset = max(end, first + 1)
        return UnreadableRecord(part.topic, part.partition, end - 1, raw, _problem(first, end, error))

    def _unreadable(self, tp: TopicPartition, raw: bytes, error: Exception, records: Any) -> UnreadableRecord:
        first = self.next_fetch_offset
        if not self._skip:
            self.drain()
            raise UnreadableError(tp, first, _why(error)) from error
        following = records._next_slice  # noqa: SLF001  # taking it would decode its header
        end = end_of(raw, following, first=first, log_end=self._log_end(tp) or first)
        self.records_read += 1
        self.next_fetch_offset = end
        self.leader_epoch = -1
        return UnreadableRecord(tp.topic, tp.partition, end - 1, raw, _problem(first, end, error))


def _problem(first: int, end: int, error: Exception) -> str:
    return f"The batch of offsets {first} to {end - 1} cannot be read: {_why(error)}"


def _why(error: Exception) -> str:
    return str(error.args[0]) if error.args else repr(error)


def _name(part: TopicPartition, batch: Any) -> str:
    return f"{part.topic}/{part.partition}: the batch at offset {batch.base_offset}"

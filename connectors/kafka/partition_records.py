"""The records that one fetch brought of a partition, decoded batch by batch."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from kafka.consumer.fetcher import Fetcher, IsolationLevel
from kafka.errors import CorruptRecordError

from connectors.kafka.record_batches import MAGIC, KafkaRecord, old_records_of, records_of
from connectors.kafka.unreadable import UnreadableError, end_of
from connectors.record import UnreadableRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kafka import TopicPartition


class FastPartitionRecords(Fetcher.PartitionRecords):  # type: ignore[misc]
    """The records that one fetch brought of a partition.

    kafka-python decodes a record with a dozen calls and makes two objects of it, which takes longer than learning
    from it. Here one loop decodes a whole batch. A batch that cannot be read (a wrong checksum, a compression that
    does not open, fields that do not add up) ends with UnreadableError, or becomes one ``UnreadableRecord`` if
    ``skip`` says so; ``log_end`` returns the end of a partition's log as far as it is known.
    """

    def __init__(
        self, *arguments: Any, skip: bool = False, log_end: Callable[[TopicPartition], int | None], **options: Any
    ) -> None:
        self._skip = skip
        self._log_end = log_end
        super().__init__(*arguments, **options)

    @staticmethod
    def install(consumer: Any, *, skip: bool) -> None:
        """Let a ``KafkaConsumer`` use this class for what it fetches from now on."""
        made = partial(FastPartitionRecords, skip=skip, log_end=consumer.highwater)
        consumer._fetcher.PartitionRecords = made  # noqa: SLF001  # the client offers no other way

    def _unpack_records(self, tp: Any, records: Any, *deserializers: Any) -> Iterator[Any]:
        """Yield the records batch by batch; kafka-python's own counts and positions are kept up to date."""
        assert not any(deserializers)
        while (batch := records.next_batch()) is not None:
            raw = batch._buffer  # noqa: SLF001  # nothing else has all its bytes, until they are decompressed
            try:
                decoded = self._decode(tp, batch)
            except Exception as error:  # noqa: BLE001  # each compression library has errors of its own
                yield self._unreadable(tp, bytes(raw), error, records)
                break  # whatever follows is fetched again: this batch may not end where it says
            for record in decoded:
                self.records_read += 1
                self.next_fetch_offset = record.offset + 1
                yield record
            if batch.magic == MAGIC:
                # Compaction may have removed the last records of a batch; the next fetch begins behind them.
                self.next_fetch_offset = batch.next_offset
            self.bytes_read += batch.size_in_bytes
        self.drain()

    def _decode(self, tp: TopicPartition, batch: Any) -> list[KafkaRecord]:
        """Return all records of a batch, none where it is to be left out."""
        if self.check_crcs and not batch.validate_crc():
            raise CorruptRecordError(f"{_name(tp, batch)} has a wrong checksum (CRC)")
        if batch.magic > MAGIC:
            raise CorruptRecordError(f"{_name(tp, batch)} is of a format that nobody knows ({batch.magic})")
        if batch.magic < MAGIC:
            return list(old_records_of(batch, topic=tp.topic, partition=tp.partition))
        # The checksum is not of the offset, which brokers set.
        log_end = self._log_end(tp)
        if batch.next_offset <= self.next_fetch_offset or (log_end is not None and batch.next_offset > log_end):
            raise CorruptRecordError(f"{_name(tp, batch)} does not stand there")
        self.leader_epoch = batch.leader_epoch
        if self._is_left_out(batch):
            return []
        return list(records_of(batch, topic=tp.topic, partition=tp.partition))

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

    def _unreadable(self, tp: TopicPartition, raw: bytes, error: Exception, records: Any) -> UnreadableRecord:
        first, why = self.next_fetch_offset, error.args[0] if error.args else repr(error)
        if not self._skip:
            self.drain()
            raise UnreadableError(tp, first, str(why)) from error
        following = records._next_slice  # noqa: SLF001  # taking it would decode its header
        end = end_of(raw, following, first=first, log_end=self._log_end(tp) or first)
        problem = f"The batch of offsets {first} to {end - 1} cannot be read: {why}"
        self.records_read += 1
        self.next_fetch_offset = end
        self.leader_epoch = -1
        return UnreadableRecord(tp.topic, tp.partition, end - 1, raw, problem)


def _name(part: TopicPartition, batch: Any) -> str:
    return f"{part.topic}/{part.partition}: the batch at offset {batch.base_offset}"

"""Events from Kafka, each learned once: positions are in the checkpoint, a group has them for lag tools."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from kafka import errors
from kafka.structs import OffsetAndMetadata

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.ledger import Ledger
from connectors.kafka.positions import from_json
from connectors.kafka.reader import KafkaReader
from connectors.kafka.source_options import KafkaSourceOptions
from connectors.source import PartitionsLostError, PartitionStatus, SourceStatus, SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kafka import TopicPartition

    from connectors.record import Record

log = logging.getLogger(__name__)

FIRST_BACKOFF_SECONDS = 1.0
LAST_BACKOFF_SECONDS = 30.0


class KafkaSource:
    """Reads Kafka with kafka-python; see "Storing Offsets Outside Kafka" in the documentation of KafkaConsumer.

    The next offset of every partition ever read is in the snapshot. On start and on assignment a partition is read
    from the larger of that and the group's. Only what lies at or after its position is delivered, so offsets may
    have holes (compaction, transaction markers) and the client may fetch twice.

    In a group, a partition that is revoked keeps its position here: what was learned from it stays learned, and if
    it comes back, reading continues at the larger of that position and the group's. What this process has read
    since its last commit, another member learns again in its own model. Where the partition was not revoked but
    lost (this process was too slow and was removed from the group), nothing is committed for it and ``poll`` raises
    PartitionsLostError: the model is to hold no event of a lost partition since the newest checkpoint.

    After a rollback the group is ahead of the checkpoint. Its offsets are then ignored until a commit has put them
    back to where this process stands; until then the snapshots say so.
    """

    Options = KafkaSourceOptions

    def __init__(
        self,
        options: KafkaSourceOptions,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._options = options
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._connection: KafkaConnection | None = None
        self._reader: KafkaReader | None = None
        self._reset(None)

    def open(self, snapshot: Mapping[str, Any] | None) -> None:
        """Take up the positions; the polls that follow make the connection. A second time, it rewinds."""
        self.close()
        self._reset(snapshot)

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[Record]:
        """Return up to ``max_records`` records, partition by partition, or none after ``timeout_seconds``.

        Raises PartitionsLostError, PositionLostError by the declared policies, SourceUnavailableError where a
        partition stays stalled or ``give_up_seconds`` have passed, and kafka-python's KafkaConfigurationError.
        """
        deadline = self._monotonic() + timeout_seconds
        records = self._try_to_read(min(max_records, self._options.max_poll_records), deadline)
        if self._ledger.lost:
            names = ", ".join(f"{part.topic}/{part.partition}" for part in sorted(self._ledger.lost))
            raise PartitionsLostError(f"{names} were lost to other members of group {self._options.group}")
        if not records:
            self._sleep(max(0.0, deadline - self._monotonic()))
        self._report()
        return records

    def snapshot(self) -> dict[str, Any]:
        """Return the next offset of every partition ever read, its leader epoch and its topic's id."""
        return self._ledger.to_json()

    def commit(self, snapshot: Mapping[str, Any]) -> None:
        """Commit the positions of a durable checkpoint to the group, for the partitions that are read now."""
        if self._options.group is None or self._reader is None:
            return
        active, ahead = set(self._reader.active), self._ledger.group_is_ahead
        offsets = {
            part: OffsetAndMetadata(at.offset, "", at.leader_epoch)
            for part, at in from_json(snapshot).items()
            if part in active and (ahead or at.offset > self._ledger.committed.get(part, -1))
        }
        if not offsets:
            return
        try:
            self._reader.consumer.commit(offsets, timeout_ms=self._options.commit_seconds * 1000)
        except errors.KafkaError as error:
            log.warning(
                "offsets not committed to group %s: %s; the checkpoint has them", self._options.group, error
            )
        else:
            self._ledger.committed |= {part: at.offset for part, at in offsets.items()}
            if offsets.keys() >= active and not self._reader.not_ready:
                self._ledger.group_is_ahead = False

    def status(self) -> SourceStatus:
        """Return what is known now, from memory."""
        parts = self._reader.active if self._reader is not None else []
        return SourceStatus(not self._reason, self._reason, [self._part_status(part) for part in parts])

    @property
    def exhausted(self) -> bool:
        """Never: another event may always come."""
        return False

    def close(self) -> None:
        """Leave the group and close the connections."""
        reader, self._reader = self._reader, None
        connection, self._connection = self._connection, None
        try:
            if reader is not None:
                reader.consumer.close(autocommit=False, timeout_ms=self._options.commit_seconds * 1000)
        except errors.KafkaError as error:
            log.info("leaving the group failed: %s", error)
        finally:
            if connection is not None:
                connection.close()

    def _reset(self, snapshot: Mapping[str, Any] | None) -> None:
        self._ledger = Ledger.of(snapshot)
        self._failures = 0
        self._retry_at = float("-inf")
        self._unconnected = f"no broker at {self._options.bootstrap_servers} has answered yet"
        self._reason = self._unconnected
        self._available_at = self._monotonic()

    def _try_to_read(self, max_records: int, deadline: float) -> Sequence[Record]:
        try:
            if self._reader is None:
                self._reader = self._connect(deadline)
            records: Sequence[Record] = self._reader.read(max_records, deadline) if self._reader else []
        except errors.FencedInstanceIdError as error:
            name = self._options.group_instance_id
            raise SourceUnavailableError(f"another process uses group_instance_id {name}") from error
        except errors.KafkaConfigurationError:
            raise
        except (errors.KafkaError, OSError) as error:
            self._disconnect(str(error))
            return []
        if records:
            self._failures = 0
        return records

    def _connect(self, deadline: float) -> KafkaReader | None:
        if self._connection is None:
            if self._monotonic() < self._retry_at:
                return None
            self._connection = KafkaConnection(self._options.consumer_config())
        if not self._connection.answered(max(0.0, deadline - self._monotonic())):
            self._unconnected = self._connection.refusal or self._unconnected
            return None
        return KafkaReader(
            self._connection, self._options, self._ledger, clock=self._clock, monotonic=self._monotonic
        )

    def _disconnect(self, reason: str) -> None:
        """Drop the connection and all that it has buffered; reading continues at the same positions."""
        wait = min(FIRST_BACKOFF_SECONDS * 2**self._failures, LAST_BACKOFF_SECONDS)
        self._failures = min(self._failures + 1, 10)
        self._retry_at = self._monotonic() + wait
        self._unconnected = reason
        self.close()

    def _report(self) -> None:
        """Log a change of state once, and give up after ``give_up_seconds``."""
        reason = self._unconnected if self._reader is None else self._reader.not_ready
        if reason != self._reason:
            log.log(logging.WARNING if reason else logging.INFO, "kafka: %s", reason or "reading")
            self._reason = reason
        missing = self._unconnected if self._reader is None else self._reader.dependency_missing
        now = self._monotonic()
        if not missing:
            self._available_at = now
        limit = self._options.give_up_seconds
        if limit is not None and now - self._available_at >= limit:
            raise SourceUnavailableError(f"{missing}, for {limit:.0f} s")

    def _part_status(self, part: TopicPartition) -> PartitionStatus:
        assert self._reader is not None
        ends = (self._ledger.ends.get(part), self._reader.consumer.highwater(part))
        return PartitionStatus(
            part.topic,
            part.partition,
            self._ledger.positions[part].offset,
            max((end for end in ends if end is not None), default=None),
            self._ledger.progress_seconds[part],
        )

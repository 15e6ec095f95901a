"""Events from Kafka, each learned once: positions are in the checkpoint, a group has them for lag tools."""

from __future__ import annotations

import logging
import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from kafka import KafkaConsumer, errors
from kafka.structs import OffsetAndMetadata
from pydantic import Field, field_validator, model_validator

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.ledger import Ledger
from connectors.kafka.options import KafkaOptions
from connectors.kafka.positions import LostOffsetPolicy, RecreatedTopicPolicy, from_json
from connectors.kafka.reader import KafkaReader
from connectors.source import PartitionsLostError, PartitionStatus, SourceStatus, SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kafka import TopicPartition

    from connectors.record import Record

log = logging.getLogger(__name__)

FIRST_BACKOFF_SECONDS = 1.0
LAST_BACKOFF_SECONDS = 30.0
CLIENT_DEFAULTS = {"reconnect_backoff_max_ms": 10_000, "metrics_enabled": False}


class KafkaSourceOptions(KafkaOptions):
    """Where the events are, and what to do when they are not."""

    CLIENT_DEFAULTS: ClassVar[Mapping[str, Any]] = KafkaConsumer.DEFAULT_CONFIG

    type: Literal["kafka"] = "kafka"
    topics: tuple[str, ...] = Field((), description="The topics to read.")
    pattern: str | None = Field(
        None, description="Instead of topics: a regular expression that the whole name of a topic must match."
    )
    mode: Literal["assign", "subscribe"] = Field(
        "assign",
        description="assign: this process reads all partitions or those listed; subscribe: its share of a group's.",
    )
    partitions: tuple[int, ...] | None = Field(
        None, description="In assign mode, the partitions of each topic that this process reads; all by default."
    )
    group: str | None = Field(
        None,
        description="Consumer group: where checkpointed offsets are shown to others, and who shares in subscribe.",
    )
    group_instance_id: str | None = Field(
        None, description="In subscribe mode, a name that outlives restarts: they then cause no rebalance."
    )
    start: Literal["earliest", "latest"] | datetime = Field(
        "earliest", description="Where to begin without any stored offset: earliest, latest, or a time (UTC)."
    )
    on_lost_offset: LostOffsetPolicy = Field(
        "fail", description="The next offset was deleted by retention, or the log is shorter than it."
    )
    on_recreated_topic: RecreatedTopicPolicy = Field(
        "fail", description="A topic was deleted and created again: fail, or accept it and read it from its start."
    )
    isolation: Literal["read_committed", "read_uncommitted"] = Field(
        "read_committed", description="Whether records of open and aborted transactions are left out."
    )
    max_poll_records: int = Field(8_192, ge=1, description="The most records taken from the client at once.")
    topics_seconds: float = Field(
        30.0, gt=0, description="How often to look for new topics, new partitions and recreated topics."
    )
    commit_seconds: float = Field(
        2.0, gt=0, description="The longest that a commit to the group may hold up the loop."
    )
    stall_seconds: float = Field(
        60.0, gt=0, description="A partition that stands still this long while its log grows is sought again."
    )
    stall_exit_seconds: float = Field(
        300.0, gt=0, description="A partition that stands still this long ends it all."
    )
    give_up_seconds: float | None = Field(
        None, gt=0, description="Exit with 69 when brokers or topics are missing this long; never by default."
    )

    @field_validator("start")
    @classmethod
    def _in_utc(cls, start: str | datetime) -> str | datetime:
        return start.replace(tzinfo=UTC) if isinstance(start, datetime) and start.tzinfo is None else start

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return pattern

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if bool(self.topics) == bool(self.pattern):
            raise ValueError("give either topics, a list of names, or pattern, a regular expression")
        if self.mode == "subscribe" and not self.group:
            raise ValueError(
                "mode: subscribe needs group, the name of the consumer group to share the partitions in"
            )
        if self.mode == "subscribe" and self.partitions is not None:
            raise ValueError("partitions belongs to mode: assign; in mode: subscribe the group decides")
        if self.mode == "assign" and self.group_instance_id:
            raise ValueError("group_instance_id belongs to mode: subscribe")
        return self

    def consumer_config(self) -> dict[str, Any]:
        """Return all of kafka-python's options for this source."""
        return (
            CLIENT_DEFAULTS
            | self.client_config()
            | {
                "group_id": self.group,
                "group_instance_id": self.group_instance_id,
                "isolation_level": self.isolation,
                "enable_auto_commit": False,
                "auto_offset_reset": "none",
                "allow_auto_create_topics": False,
                "max_poll_records": self.max_poll_records,
            }
        )


class KafkaSource:
    """Reads Kafka with kafka-python, storing offsets outside of it (the consumer's documentation, of that name).

    The next offset of every partition ever read is in the snapshot. On start and on assignment a partition begins
    at the larger of that and the group's. Only what lies at or after its position is delivered, so offsets may
    have holes (compaction, transaction markers) and the client may fetch twice.

    In a group, a partition that is taken away keeps its position here: what was learned of it stays learned, and
    if it comes back, reading goes on at the larger of that position and the group's. Between this process's last
    commit and the moment it goes, another member learns the same events in its own model. Where it was not given
    back but lost (this process was too slow and was thrown out), nothing is committed for it and ``poll`` raises
    PartitionsLostError: the model is to hold no event of a lost partition since the newest checkpoint.

    After a rollback the group is ahead of the checkpoint. Its positions are then not looked at, until a commit has
    put it back to where this process stands; the snapshots say so as long.
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
            raise PartitionsLostError(f"group {self._options.group} has taken {names} away from this process")
        if not records:
            self._sleep(max(0.0, deadline - self._monotonic()))
        self._report()
        return records

    def snapshot(self) -> dict[str, Any]:
        """Return the next offset of every partition ever read, its leader epoch and its topic's id."""
        return self._ledger.to_json()

    def commit(self, snapshot: Mapping[str, Any]) -> None:
        """Show the positions of a durable checkpoint to the group, of the partitions that are read now."""
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
            log.info("the group was not told that this consumer leaves: %s", error)
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
            raise SourceUnavailableError(f"another process is in the group as {name}") from error
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
        """Drop the connection and all that it has buffered; the positions stay, and reading goes on from them."""
        wait = min(FIRST_BACKOFF_SECONDS * 2**self._failures, LAST_BACKOFF_SECONDS)
        self._failures = min(self._failures + 1, 10)
        self._retry_at = self._monotonic() + wait
        self._unconnected = reason
        self.close()

    def _report(self) -> None:
        """Log a change of state once, and give up where that was asked for."""
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

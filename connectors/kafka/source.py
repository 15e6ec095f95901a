"""Events from Kafka, each learned once: positions are in the checkpoint, a group has them for lag tools."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from kafka import errors

from connectors.kafka.ledger import Ledger
from connectors.kafka.libraries import new_log_client
from connectors.kafka.positions import Position, from_json, to_json
from connectors.kafka.reader import KafkaReader
from connectors.kafka.source_options import KafkaSourceOptions
from connectors.kafka.stall_watch import StallWatch
from connectors.source import PartitionsLostError, PartitionStatus, SourceStatus, SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kafka import TopicPartition

    from connectors.kafka.claims import GroupOffset
    from connectors.kafka.log_client import LogClient
    from connectors.record import Record

log = logging.getLogger(__name__)

FIRST_BACKOFF_SECONDS = 1.0
LAST_BACKOFF_SECONDS = 30.0
OUTAGES = (errors.KafkaConnectionError, errors.NodeNotReadyError, errors.KafkaTimeoutError, OSError)
CHECKPOINT_LOOK_SECONDS = 0.02
ANSWER_SECONDS = 30.0


class KafkaSource:
    """Reads Kafka, and keeps the offsets itself; see "Storing Offsets Outside Kafka" in Kafka's documentation.

    The next offset of every partition ever read is in the snapshot, and a partition is read from there, always.
    Each commit names the model that made it: where the group is ahead by what this model committed and lost again
    (a rollback, a damaged checkpoint, a restored backup), it follows with the next commit; where anybody else has
    committed, ``on_group_offsets`` decides. Only what lies at or after its position is delivered, so offsets may
    have holes (compaction, transaction markers) and the client may fetch twice.

    In mode subscribe the members of a group share its partitions, and what the group has taken counts: see
    ``connectors.kafka.shared_group``. Before a rebalance, ``status`` asks for a checkpoint, and the rebalance waits
    until that is committed. Where partitions were lost (this process was too slow and was removed from the group),
    or somebody else has learned what an uncommitted checkpoint holds, ``poll`` raises PartitionsLostError.
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
        self._client: LogClient | None = None
        self._reader: KafkaReader | None = None
        self._reset(None)

    def open(self, snapshot: Mapping[str, Any] | None) -> None:
        """Take up the positions; the polls that follow make the connection. A second time, it rewinds."""
        self.close()
        self._reset(snapshot)

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[Record]:
        """Return up to ``max_records`` records, partition by partition, or none after ``timeout_seconds``.

        Raises PartitionsLostError, PositionLostError and ForeignOffsetsError by the declared policies,
        SourceUnavailableError where a partition stays stalled or ``give_up_seconds`` have passed, and
        KafkaConfigurationError.
        """
        now = self._monotonic()
        self._stalls.polled(now)
        deadline = now + timeout_seconds
        records = self._try_to_read(min(max_records, self._options.max_poll_records), deadline)
        if self._fenced:
            raise self._instance_taken()
        if self._ledger.lost:
            names = ", ".join(f"{part.topic}/{part.partition}" for part in sorted(self._ledger.lost))
            raise PartitionsLostError(f"{names} were lost to other members of group {self._options.group}")
        if not records:
            left = max(0.0, deadline - self._monotonic())
            waits = self._reader is not None and self._reader.waits_for_checkpoint
            self._sleep(min(left, CHECKPOINT_LOOK_SECONDS) if waits else left)
        self._report()
        return records

    def snapshot(self) -> dict[str, Any]:
        """Return the next offset of every partition ever read, its leader epoch and its topic's id."""
        return self._ledger.to_json()

    def why_not_back_to(self, snapshot: Mapping[str, Any]) -> str:
        """Return which earlier offset is gone from its log, or what else is in the way."""
        if self._options.mode == "subscribe":
            return "the partitions are shared with other members of the group"
        if self._reader is None:
            return self._unconnected
        positions = from_json(snapshot)
        try:
            starts = self._reader.client.starts(list(positions), ANSWER_SECONDS)
        except (errors.KafkaError, OSError) as error:
            return f"the logs were not asked: {error}"
        gone = [part for part, at in positions.items() if starts.get(part, 0) > at.offset]
        return "; ".join(
            f"offset {positions[part].offset} of {part.topic}/{part.partition} is gone: its log begins at"
            f" {starts[part]}"
            for part in sorted(gone)
        )

    def why_not_all_before(self, snapshot: Mapping[str, Any]) -> str:
        """Return which log has lost its beginning: an offset before that cannot be told from one that never was."""
        positions = from_json(snapshot)
        return self.why_not_back_to(to_json({part: Position(0) for part in positions}))

    def lies_before(self, snapshot: Mapping[str, Any]) -> Callable[[Record], bool]:
        """Return what compares a record's offset with that of its partition in the snapshot."""
        ends = {(part.topic, part.partition): at.offset for part, at in from_json(snapshot).items()}
        return lambda record: record.offset < ends.get((record.topic, record.partition), 0)

    def has_passed(self, snapshot: Mapping[str, Any]) -> bool:
        """Tell whether every partition is where the snapshot has it."""
        now = self._ledger.positions
        return all(part in now and now[part].offset >= at.offset for part, at in from_json(snapshot).items())

    def commit(self, snapshot: Mapping[str, Any]) -> bool:
        """Commit the positions of a durable checkpoint to the group, for the partitions that are read now."""
        positions = from_json(snapshot)
        self._ledger.durable(positions)
        if self._options.group is None or not positions:
            return True
        if self._reader is None or self._ledger.lost or not self._reader.placed or self._reader.undecided:
            return False
        offsets = self._ledger.to_commit(positions, self._reader.ours)
        if offsets and not self._send(offsets):
            return False
        self._ledger.group_is_ahead = False
        return True

    def status(self) -> SourceStatus:
        """Return what is known now, from memory."""
        parts = self._reader.ours if self._reader is not None else []
        waits = self._reader is not None and self._reader.waits_for_checkpoint
        shown = [self._part_status(part) for part in parts]
        return SourceStatus(
            not self._reason,
            self._reason,
            shown,
            order_timeouts=self._ledger.order_timeouts,
            checkpoint_wanted=waits,
        )

    @property
    def exhausted(self) -> bool:
        """Never: another event may always come."""
        return False

    def close(self) -> None:
        """Leave the group and close the connections."""
        self._reader = None
        client, self._client = self._client, None
        try:
            if client is not None:
                client.close(self._options.commit_seconds)
        except errors.KafkaError as error:
            log.info("leaving the group failed: %s", error)

    def _send(self, offsets: Mapping[TopicPartition, GroupOffset]) -> bool:
        """Return whether the group has taken them; note where it counts this process no longer."""
        assert self._reader is not None
        ready = {part: at.to_kafka() for part, at in offsets.items()}
        try:
            self._reader.client.commit(ready, self._options.commit_seconds)
        except errors.KafkaError as error:
            text = "offsets not committed to group %s: %s; the checkpoint has them"
            log.warning(text, self._options.group, error)
            self._fenced = isinstance(error, errors.FencedInstanceIdError)
            if self._fenced or _no_member(error):
                self._ledger.lost |= offsets.keys()
            return False
        self._ledger.has_committed(offsets)
        return True

    def _reset(self, snapshot: Mapping[str, Any] | None) -> None:
        self._ledger = Ledger.of(snapshot, whole=self._options.whole_topics)
        self._stalls = StallWatch(self._options.stall_seconds, self._options.stall_exit_seconds)
        self._fenced = False
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
            raise self._instance_taken() from error
        except errors.KafkaConfigurationError:
            raise
        except (errors.KafkaError, OSError) as error:
            # Nothing is judged by the time of an outage; whatever else fails again and again is a stall.
            self._stalls.forget() if isinstance(error, OUTAGES) else self._stalls.idle_poll()
            self._disconnect(str(error))
            return []
        if records:
            self._failures = 0
        return records

    def _connect(self, deadline: float) -> KafkaReader | None:
        if self._client is None:
            if self._monotonic() < self._retry_at:
                return None
            self._client = new_log_client(self._options)
        if not self._client.answered(max(0.0, deadline - self._monotonic())):
            self._unconnected = self._client.refusal or self._unconnected
            self._stalls.forget()  # nothing is judged by the time of an outage
            return None
        return KafkaReader(
            self._client,
            self._options,
            self._ledger,
            self._stalls,
            clock=self._clock,
            monotonic=self._monotonic,
        )

    def _instance_taken(self) -> SourceUnavailableError:
        return SourceUnavailableError(f"another process uses group_instance_id {self._options.group_instance_id}")

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
        ends = (self._ledger.ends.get(part), self._reader.client.high_watermark(part))
        return PartitionStatus(
            part.topic,
            part.partition,
            self._ledger.positions[part].offset,
            max((end for end in ends if end is not None), default=None),
            self._ledger.progress_seconds[part],
            begun=max(0, self._ledger.positions[part].begun),
        )


def _no_member(error: errors.KafkaError) -> bool:
    """Whether a commit failed because the group has removed this process, not because a rebalance is under way."""
    cause = error.args[0] if error.args else None
    return isinstance(error, errors.CommitFailedError) and not isinstance(cause, errors.RebalanceInProgressError)

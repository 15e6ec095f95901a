"""What librdkafka has delivered: its messages as records, its errors as kafka-python's, and how far it has come."""

from __future__ import annotations

import logging
from collections import deque
from operator import methodcaller
from typing import TYPE_CHECKING, Any

from kafka import TopicPartition, errors

from connectors.kafka.librdkafka.faults import kind_of
from connectors.kafka.record_batches import NO_TIME, KafkaRecord, header_name
from connectors.kafka.unreadable import UnreadableError
from connectors.record import UnreadableRecord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.record import Record

log = logging.getLogger(__name__)

END = "_PARTITION_EOF"
GONE = ("_AUTO_OFFSET_RESET", "OFFSET_OUT_OF_RANGE")
REPLACED = "_LOG_TRUNCATION"
OF_GROUPS = (errors.GroupAuthorizationFailedError, errors.CoordinatorNotAvailableError)
OF_TOPICS = (errors.UnknownTopicOrPartitionError, errors.TopicAuthorizationFailedError)
NO_HEADERS: list[tuple[str, bytes]] = []
"""Of all records that have none: a list for each would be one more object for the garbage collector."""
headers_of = methodcaller("headers")
"""For a name that is not UTF-8, confluent-kafka (2.16) puts nothing where something must be, and sets an error.

Called like this, Python looks at the error; called as a method, it need not, and dies of what is not there.
"""
PASSING = (errors.KafkaConnectionError, errors.KafkaTimeoutError)
"""What the library goes on trying by itself; the statistics tell whether it succeeds."""


class Delivered:
    """Takes messages, returns their records by partition, and raises what else came in its turn.

    What comes of a partition behind an error is dropped, since it is read again from its position.
    """

    def __init__(self, *, in_group: bool) -> None:
        self._in_group = in_group
        self._positions: dict[TopicPartition, int] = {}
        self._failures: deque[Exception] = deque()
        self._failed: set[TopicPartition] = set()

    def begin(self, part: TopicPartition, offset: int) -> None:
        """Note that a partition is read from there on."""
        self._positions[part] = offset
        self._failed.discard(part)

    def forget(self, part: TopicPartition) -> None:
        """Note that a partition is not read."""
        self._positions.pop(part, None)

    def position(self, part: TopicPartition) -> int | None:
        """Return the offset behind what was delivered and what holds no record; None where it is not read."""
        return self._positions.get(part)

    def raise_what_came_last(self) -> None:
        """Raise the first of the errors that came among, or behind, the records which were returned last."""
        if self._failures:
            raise self._failures.popleft()

    def runs(self, messages: Sequence[Any]) -> Mapping[TopicPartition, list[Record]]:
        """Return records by partition; raise where there is no other than an error."""
        runs: dict[TopicPartition, list[Record]] = {}
        topic, partition = "", -1
        append: Any = None
        made = tuple.__new__  # a named tuple's own constructor takes more than twice as long
        for message in messages:
            if message.error() is not None:
                self._take_error(message)
                topic, partition = "", -1
                continue
            name, number = message.topic(), message.partition()
            if number != partition or name != topic:
                topic, partition = name, number
                append = self._run_of(runs, TopicPartition(name, number))
            kind, time = message.timestamp()
            try:
                headers = headers_of(message)
            except (SystemError, UnicodeDecodeError):
                append(_unreadable(message, "the name of a header is not UTF-8"))
                continue
            append(
                made(
                    KafkaRecord,
                    (
                        name,
                        number,
                        message.offset(),
                        time if kind else NO_TIME,
                        message.key(),
                        message.value(),
                        [(header_name(each), value) for each, value in headers] if headers else NO_HEADERS,
                        message.leader_epoch(),
                    ),
                )
            )
        for part, run in runs.items():
            self._positions[part] = max(self._positions[part], run[-1].offset + 1)
        if not runs:
            self.raise_what_came_last()
        return runs

    def _run_of(self, runs: dict[TopicPartition, list[Record]], part: TopicPartition) -> Any:
        if part in self._failed or part not in self._positions:
            return lambda _: None
        return runs.setdefault(part, []).append

    def _take_error(self, message: Any) -> None:
        error, offset = message.error(), message.offset()
        if message.topic() is None:
            self._take_general(error)
            return
        part = TopicPartition(message.topic(), message.partition())
        if part not in self._positions or part in self._failed:
            return
        if error.name() == END:
            self._positions[part] = max(offset, self._positions[part])
            return
        self._failed.add(part)
        if error.name() in GONE:
            self._failures.append(errors.OffsetOutOfRangeError({part: offset}))
        elif error.name() == REPLACED:
            self._failures.append(errors.LogTruncationError({part: None}, error.str()))
        elif issubclass(kind := kind_of(error), OF_TOPICS):
            self._failures.append(kind(error.str()))
        else:
            self._failures.append(
                UnreadableError(part, self._positions[part] if offset is None else offset, error.str())
            )

    def _take_general(self, error: Any) -> None:
        kind = kind_of(error)
        if issubclass(kind, PASSING) or (issubclass(kind, OF_GROUPS) and not self._in_group):
            log.info("librdkafka: %s", error.str())
        else:
            self._failures.append(kind(error.str()))


def _unreadable(message: Any, why: str) -> UnreadableRecord:
    return UnreadableRecord(
        message.topic(),
        message.partition(),
        message.offset(),
        message.value(),
        f"The record at offset {message.offset()} cannot be read: {why}",
        leader_epoch=message.leader_epoch(),
    )

"""Asks for the offsets of logs and of a group, with librdkafka's consumer."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaException
from confluent_kafka import TopicPartition as Place
from kafka import TopicPartition, errors
from kafka.structs import OffsetAndMetadata

from connectors.kafka.librdkafka.faults import kind_of, raised
from connectors.kafka.log_client import LogEnd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

EARLIEST, LATEST = -2, -1
"""In the place of a time, as in the protocol (ListOffsets)."""
_NO_OFFSET = 0
"""Below it are the library's marks, such as that a group has committed nothing."""
OF_OLD_METADATA = (
    errors.FencedLeaderEpochError,
    errors.LeaderNotAvailableError,
    errors.NotLeaderForPartitionError,
    errors.UnknownLeaderEpochError,
)
RETRY_SECONDS, LEAST_SECONDS = 0.1, 0.01


class Offsets:
    """Each method is a request that blocks; raises KafkaError, KafkaTimeoutError where nobody answers."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer

    def starts(self, parts: Sequence[TopicPartition], timeout_seconds: float) -> dict[TopicPartition, int]:
        """Return the offset of the first record of each log."""
        found = self._since(dict.fromkeys(parts, EARLIEST), timeout_seconds)
        return {part: at.offset for part, at in found.items()}

    def ends(self, parts: Sequence[TopicPartition], timeout_seconds: float) -> dict[TopicPartition, LogEnd]:
        """Return the ends of the logs, as the consumer's isolation shows them."""
        found = self._since(dict.fromkeys(parts, LATEST), timeout_seconds)
        return {part: LogEnd(at.offset, _epoch(at)) for part, at in found.items()}

    def first_since(self, part: TopicPartition, milliseconds: int, timeout_seconds: float) -> int | None:
        """Return the offset of the first record from that time on, None where there is none."""
        offset: int = self._since({part: milliseconds}, timeout_seconds)[part].offset
        return None if offset < _NO_OFFSET else offset

    def committed(
        self, parts: Sequence[TopicPartition], timeout_seconds: float
    ) -> dict[TopicPartition, OffsetAndMetadata]:
        """Return what the group has committed, of the partitions of which it has."""
        places = [Place(*part) for part in parts]
        found = _asked(partial(self._consumer.committed, places, timeout_seconds)) if places else []
        return {
            _part(at): OffsetAndMetadata(at.offset, at.metadata or "", _epoch(at))
            for at in found
            if at.offset >= _NO_OFFSET
        }

    def _since(self, times: Mapping[TopicPartition, int], timeout_seconds: float) -> dict[TopicPartition, Any]:
        deadline = time.monotonic() + timeout_seconds
        places = [Place(part.topic, part.partition, at) for part, at in times.items()]
        while places:
            left = max(LEAST_SECONDS, deadline - time.monotonic())
            try:
                return {_part(at): at for at in _asked(partial(self._consumer.offsets_for_times, places, left))}
            except OF_OLD_METADATA:
                # The library asks for newer metadata by then, and does not try again by itself.
                if left <= RETRY_SECONDS:
                    raise
                time.sleep(RETRY_SECONDS)
        return {}


def place(part: TopicPartition, offset: int, leader_epoch: int, metadata: str = "") -> Place:
    """Return an offset of a partition as the library takes it, whose epoch may be -1, for unknown."""
    if leader_epoch < 0:
        return Place(part.topic, part.partition, offset, metadata)
    return Place(part.topic, part.partition, offset, metadata, leader_epoch)


def raise_any(places: Sequence[Any]) -> None:
    """Raise the first error that the library has noted beside a partition."""
    for at in places:
        if at.error is not None:
            raise kind_of(at.error)(at.error.str())


def _asked(ask: Callable[[], Sequence[Any]]) -> Sequence[Any]:
    try:
        found = ask()
    except KafkaException as exception:
        raise raised(exception) from exception
    raise_any(found)
    return found


def _part(at: Any) -> TopicPartition:
    return TopicPartition(at.topic, at.partition)


def _epoch(at: Any) -> int:
    return -1 if at.leader_epoch is None else int(at.leader_epoch)

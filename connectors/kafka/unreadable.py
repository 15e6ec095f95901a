"""What a broker has delivered, or refuses to deliver, and nobody can read."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from kafka import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kafka import TopicPartition

OFFSET = struct.Struct(">q")
HEADER = struct.Struct(">q15xi30xi")  # of a batch of version 2: first offset, difference of the last, records
FATAL = (errors.OffsetOutOfRangeError, errors.TopicAuthorizationFailedError)
"""What has another answer than to hold the partition."""


class UnreadableError(Exception):
    """The next records of one partition cannot be read; the others' can."""

    def __init__(self, part: TopicPartition, offset: int, problem: str) -> None:
        super().__init__(f"{part.topic}/{part.partition} cannot be read at offset {offset}: {problem}")
        self.part = part


def name_partitions(consumer: Any) -> None:
    """Let a ``KafkaConsumer`` say of which partition it could not read what a broker answered.

    kafka-python (3.0.12) raises from ``poll`` what a broker says of one partition, without its name.
    """
    fetcher = consumer._fetcher  # noqa: SLF001  # the client offers no other way
    parse = fetcher._parse_fetched_data  # noqa: SLF001

    def parse_or_name(fetch: Any) -> Any:
        try:
            return parse(fetch)
        except FATAL:
            raise
        except (errors.KafkaError, struct.error) as error:
            why = str(error.args[0] if error.args else error)
            raise UnreadableError(fetch.topic_partition, fetch.fetched_offset, why) from error

    fetcher._parse_fetched_data = parse_or_name  # noqa: SLF001


def end_of(batch: bytes, following: memoryview | None, *, first: int, log_end: int) -> int:
    """Return where to go on behind the bytes of a batch that cannot be read, of whose fields any may be wrong.

    The batch that follows in the same answer says it best, then the batch itself says it in two ways. What does not
    lie behind ``first`` and within the log is not believed; where nothing is, one offset is passed.
    """
    for offset in _candidates(batch, following):
        if first < offset <= log_end:
            return offset
    return first + 1


def _candidates(batch: bytes, following: memoryview | None) -> Iterator[int]:
    if following is not None:
        yield from OFFSET.unpack_from(following)
    if len(batch) >= HEADER.size:
        base, last_delta, count = HEADER.unpack_from(batch)
        yield base + last_delta + 1
        yield base + count

"""Dead letters read back from a topic, as they are there now."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, TopicPartition, errors

from connectors.kafka.client import TidyClient
from connectors.kafka.letters import INDEX_HEADER, PREFIX, TIMESTAMP_HEADER, VALUE_HEADER
from connectors.kafka.outgoing import HEADER
from connectors.kept_letter import KeptLetter, UnreadableLetterError
from connectors.record import LocalRecord
from connectors.source import SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.kafka.sink_options import KafkaDeadLettersOptions
    from connectors.record import Record

POLL_MS = 500
QUIET_POLLS = 60
"""So often nothing comes, short of the end, before the broker is taken to be away."""
_OURS = (INDEX_HEADER, TIMESTAMP_HEADER, VALUE_HEADER, HEADER)


def kafka_letters(
    options: KafkaDeadLettersOptions, *, since: float | None = None
) -> Iterator[KeptLetter | UnreadableLetterError]:
    """Yield what a topic of dead letters holds by now, partition by partition, each in its order.

    ``since`` is a Unix time before which nothing is wanted. What is no letter is yielded as the error that it is.
    Raises ``SourceUnavailableError``.
    """
    try:
        config = options.reader_config() | {"isolation_level": "read_committed", "kafka_client": TidyClient}
        with closing(KafkaConsumer(**config)) as consumer:
            for record in _records(consumer, options.topic, since=since):
                yield _read(record)
    except (errors.KafkaError, OSError) as error:
        raise SourceUnavailableError(f"dead letters in topic {options.topic} cannot be read: {error}") from error


def _records(consumer: Any, topic: str, *, since: float | None) -> Iterator[Record]:
    numbers = consumer.partitions_for_topic(topic)
    if not numbers:
        raise errors.UnknownTopicOrPartitionError(f"there is no topic {topic}")
    parts = [TopicPartition(topic, number) for number in sorted(numbers)]
    ends = consumer.end_offsets(parts)
    for part, begin in _begins(consumer, parts, since=since).items():
        consumer.assign([part])
        consumer.seek(part, begin)
        yield from _up_to(consumer, part, ends[part])


def _begins(consumer: Any, parts: list[TopicPartition], *, since: float | None) -> dict[TopicPartition, int]:
    begins: dict[TopicPartition, int] = consumer.beginning_offsets(parts)
    if since is None:
        return begins
    found = consumer.offsets_for_times(dict.fromkeys(parts, int(since * 1000)))
    return {part: at.offset for part in parts if (at := found.get(part)) is not None}


def _up_to(consumer: Any, part: TopicPartition, end: int) -> Iterator[Record]:
    quiet = 0
    while consumer.position(part) < end:
        records = consumer.poll(timeout_ms=POLL_MS).get(part, ())
        quiet = 0 if records else quiet + 1
        if quiet >= QUIET_POLLS:
            raise errors.KafkaTimeoutError("no broker answers")
        yield from (record for record in records if record.offset < end)


def _read(record: Record) -> KeptLetter | UnreadableLetterError:
    place = f"{record.topic}/{record.partition} at {record.offset}"
    told = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
    try:
        altered = told.get(VALUE_HEADER, "")
        original = LocalRecord(
            told[PREFIX + "topic"],
            int(told[PREFIX + "partition"]),
            int(told[PREFIX + "offset"]),
            int(told.get(TIMESTAMP_HEADER, -1)),
            record.key,
            None if altered == "null" else record.value,
            [(name, value) for name, value in record.headers if not (name in _OURS or name.startswith(PREFIX))],
        )
        return KeptLetter(
            original,
            index=int(told.get(INDEX_HEADER, -1)),
            stage=told[PREFIX + "stage"],
            reason=told[PREFIX + "exception.class.name"],
            message=told[PREFIX + "exception.message"],
            rejected_at=record.timestamp / 1000,
            place=place,
            altered="" if altered == "null" else altered,
            lies_at=(record.partition, record.offset),
        )
    except (KeyError, ValueError):
        return UnreadableLetterError(f"{place} has no headers of a dead letter that retaind has written")

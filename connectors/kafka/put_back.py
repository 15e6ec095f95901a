"""Puts events back into the topics of a source: a transaction a batch, with the position of who does it."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition, errors
from kafka.structs import OffsetAndMetadata

from connectors.kafka.client import TidyClient
from connectors.kafka.client_options import FILES, TOKEN_FILE
from connectors.kafka.producer import TransactionalProducer
from connectors.kafka.sink_options import KafkaDeadLettersOptions
from connectors.kafka.transactions import TooLargeError
from connectors.put_back import PutBackError
from connectors.source import SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.kafka.source_options import KafkaSourceOptions
    from connectors.kept_letter import KeptLetter

MOST = 500


class KafkaPutBack:
    """Writes records into the topic and partition where they first were, with key, value, time and headers as then.

    Each batch is one transaction (KIP-98) over its records and the offsets of the group ``name``, whose metadata is
    the batch's mark: the group tells whether a batch of a process that was killed is in the topic. Its offsets are
    in the topic of dead letters where that is on the same brokers (``letters``), so that its lag is what is left;
    else at the end of a topic of the source. Whoever opens one fences all others of that name.
    """

    most = MOST
    to = ""

    def __init__(self, source: KafkaSourceOptions, *, name: str, letters: str | None) -> None:
        """Take the options of the source, and the topic of dead letters where it is on the same brokers.

        Raises ``PutBackError`` where no topic is known that the offsets could be in.
        """
        if letters is None and not source.topics:
            raise PutBackError("source.pattern names no topic; give source.topics for the time of the replay")
        self._source = source
        self._letters = letters
        self._anchor = TopicPartition(letters or source.topics[0], 0)
        self._group = name
        client = {name: value for name, value in source.kafka_python_options().items() if _of_producers(name)}
        self._options = KafkaDeadLettersOptions.model_construct(
            type="kafka",
            bootstrap_servers=source.bootstrap_servers,
            client_id=source.client_id,
            client=client,
            topic=self._anchor.topic,
            deadline_seconds=None,
            transactional_id=name,
        )
        self._partitions: dict[str, set[int]] = {}
        self._producer: TransactionalProducer | None = None

    def refuses(self, letter: KeptLetter) -> str:
        """Return why an event cannot be put back: the source does not read where it was, or that is gone."""
        topic, partition = letter.record.topic, letter.record.partition
        if not self._reads(topic):
            return f"source reads no topic {topic}"
        if topic not in self._partitions:
            self._partitions[topic] = self._partitions_of(topic)
        return "" if partition in self._partitions[topic] else f"there is no {topic}/{partition} any more"

    def newest_mark(self) -> str:
        """Return the mark that the group has; a transaction that was open has ended by then, one way or other."""
        self._opened()
        try:
            return self._committed()[1]
        except (errors.KafkaError, OSError) as error:
            raise self._unavailable(error) from error

    def _committed(self) -> tuple[int, str]:
        """Return the group's offset and mark; 0 and nothing where it has none."""
        with self._consumer() as consumer:
            found = consumer.committed(self._anchor, metadata=True, timeout_ms=30_000)
        return (0, "") if found is None or found.offset < 0 else (found.offset, str(found.metadata or ""))

    def prepare(self, letters: Sequence[KeptLetter]) -> None:
        """Nothing is to be prepared: the broker takes all of a transaction, or nothing."""

    def put(self, letters: Sequence[KeptLetter], *, mark: str, positions: dict[int, int]) -> None:
        """Put a batch back, in one transaction."""
        try:
            self._opened().transact(
                lambda producer: [_sent(producer, letter) for letter in letters],
                offsets=self._offsets(mark, positions),
                group=self._group,
            )
        except TooLargeError as error:
            raise PutBackError(
                f"the topic does not take an event for its size ({error}): raise its max.message.bytes, or leave"
                " such events out with --reason or --since"
            ) from error
        except (errors.KafkaError, OSError) as error:
            raise self._unavailable(error) from error

    def close(self) -> None:
        """Close the connection; a transaction that is open is aborted."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.close()

    def _partitions_of(self, topic: str) -> set[int]:
        try:
            with self._consumer() as consumer:
                return set(consumer.partitions_for_topic(topic) or ())
        except (errors.KafkaError, OSError) as error:
            raise self._unavailable(error) from error

    def _reads(self, topic: str) -> bool:
        pattern = self._source.pattern
        return topic in self._source.topics if pattern is None else re.fullmatch(pattern, topic) is not None

    def _offsets(self, mark: str, positions: dict[int, int]) -> dict[TopicPartition, OffsetAndMetadata]:
        if self._letters is None:
            with self._consumer() as consumer:
                places = dict(consumer.end_offsets([self._anchor]))
        else:
            known = positions if 0 in positions else {**positions, 0: self._committed()[0]}
            places = {TopicPartition(self._letters, number): at for number, at in known.items()}
        return {part: OffsetAndMetadata(at, mark, -1) for part, at in places.items()}

    def _consumer(self) -> Any:
        config = self._options.reader_config() | {"group_id": self._group, "kafka_client": TidyClient}
        return closing(KafkaConsumer(**config))

    def _opened(self) -> TransactionalProducer:
        if self._producer is None:
            try:
                self._producer = TransactionalProducer(self._options, self._group, stop=lambda: False)
            except (errors.KafkaError, OSError) as error:
                raise self._unavailable(error) from error
        return self._producer

    def _unavailable(self, error: Exception) -> SourceUnavailableError:
        servers = self._options.bootstrap_servers
        return SourceUnavailableError(
            f"the topics of the source at {servers} cannot be written to: {error or type(error).__name__};"
            " run it again: what is there is not put there twice"
        )


def _of_producers(name: str) -> bool:
    return name in KafkaProducer.DEFAULT_CONFIG or name in FILES or name == TOKEN_FILE


def _sent(producer: Any, letter: KeptLetter) -> Any:
    record = letter.put_back()
    when = record.timestamp if record.timestamp >= 0 else None
    return producer.send(record.topic, record.value, record.key, record.headers, record.partition, when)

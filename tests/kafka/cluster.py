"""What a test asks of a Kafka cluster, whoever started it: topics made, records written and read back."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from connectors.kafka.client import TidyClient

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connectors.record import Record

Headers = list[tuple[str, bytes]]
DEADLINE_MS = 30_000


class Cluster:
    """A cluster that answers at `bootstrap`, "host:port"."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    def create_topic(self, name: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> str:
        """Make a topic with Kafka's topic-level `config`, wait until it has its leaders, return its name."""
        wanted = {"num_partitions": partitions, "replication_factor": 1, "configs": dict(config or {})}
        with KafkaAdminClient(bootstrap_servers=self.bootstrap, kafka_client=TidyClient) as admin:
            admin.create_topics({name: wanted}, wait_for_metadata=True)
        return name

    def delete_topic(self, name: str) -> None:
        """Delete a topic and everything in it."""
        with KafkaAdminClient(bootstrap_servers=self.bootstrap, kafka_client=TidyClient) as admin:
            admin.delete_topics([name])

    def produce(
        self,
        topic: str,
        values: Iterable[bytes | None],
        *,
        keys: Iterable[bytes | None] | None = None,
        headers: Iterable[Headers] | None = None,
        timestamps: Iterable[int | None] | None = None,
        partition: int | None = None,
    ) -> None:
        """Write one record per value and return when the broker has acknowledged them all.

        `keys`, `headers` and `timestamps` (milliseconds) are one per value. Raises Kafka's own error for the
        first record that was refused.
        """
        rows = zip(
            values,
            itertools.repeat(None) if keys is None else keys,
            itertools.repeat(None) if headers is None else headers,
            itertools.repeat(None) if timestamps is None else timestamps,
            strict=False,
        )
        refused: list[Exception] = []
        with _producer(self.bootstrap) as producer:
            for value, key, header, timestamp in rows:
                sent = producer.send(topic, value, key, header, partition, timestamp)
                sent.add_errback(refused.append)
            producer.flush()
        if refused:
            raise refused[0]

    def committed(self, group: str) -> dict[tuple[str, int], int]:
        """The offsets of a group, by topic and partition."""
        with KafkaAdminClient(bootstrap_servers=self.bootstrap, kafka_client=TidyClient) as admin:
            (known,) = admin.list_group_offsets([group]).values()
        return {(part.topic, part.partition): at.offset for part, at in known.items()}

    def forget_offsets(self, group: str) -> None:
        """Remove the offsets of a group that nobody is in."""
        with KafkaAdminClient(bootstrap_servers=self.bootstrap, kafka_client=TidyClient) as admin:
            (known,) = admin.list_group_offsets([group]).values()
            admin.delete_group_offsets(group, list(known))

    def read_all(self, topic: str, *, isolation_level: str = "read_uncommitted") -> list[Record]:
        """Every record in the topic now, partition by partition in the order of their offsets."""
        with KafkaConsumer(
            bootstrap_servers=self.bootstrap,
            kafka_client=TidyClient,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            isolation_level=isolation_level,
            max_poll_records=10_000,
        ) as consumer:
            parts = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
            consumer.assign(parts)
            ends = consumer.end_offsets(parts)
            read: dict[TopicPartition, list[Record]] = {part: [] for part in parts}
            while any(consumer.position(part) < ends[part] for part in parts):
                for part, records in consumer.poll(timeout_ms=1000).items():
                    read[part] += records
        return [record for part in parts for record in read[part] if record.offset < ends[part]]


def _producer(bootstrap: str) -> KafkaProducer:
    return KafkaProducer(
        bootstrap_servers=bootstrap,
        kafka_client=TidyClient,
        batch_size=256 * 1024,
        linger_ms=5,
        max_request_size=64 * 1024 * 1024,
        delivery_timeout_ms=DEADLINE_MS,
        request_timeout_ms=DEADLINE_MS - 1000,
        allow_auto_create_topics=False,
    )

"""Millions of records into one partition: whole batches, sent without the producer's book-keeping per record."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any

from kafka import KafkaAdminClient
from kafka.errors import LeaderNotAvailableError, NoError, for_code
from kafka.protocol.producer import ProduceRequest
from kafka.record.default_records import DefaultRecordBatchBuilder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BATCH_BYTES = 900_000  # a broker refuses batches above 1 MiB unless told otherwise
TIMEOUT_MS = 30_000

Headers = list[tuple[str, bytes]]


def load(
    bootstrap: str,
    topic: str,
    values: Iterable[bytes],
    *,
    headers: Iterable[Headers] | None = None,
    partition: int = 0,
) -> None:
    """Write one record per value, ten times as fast as `Cluster.produce` and as surely acknowledged.

    Raises Kafka's own error for a batch that was refused.
    """
    load_batches(
        bootstrap, topic, _batches(zip(values, headers or itertools.repeat([]), strict=False)), partition=partition
    )


def load_batches(bootstrap: str, topic: str, batches: Iterable[bytes], *, partition: int = 0) -> None:
    """Write batches as they are, whatever is in them; raise Kafka's own error for one that was refused."""
    for error in tried(bootstrap, topic, batches, partition=partition):
        if error is not NoError:
            raise error(f"{topic}, partition {partition}")


def tried(bootstrap: str, topic: str, batches: Iterable[bytes], *, partition: int = 0) -> Iterator[Any]:
    """Write batches one after another; yield what became of each: `NoError`, or why the broker has refused it.

    A broker that does not lead the partition yet (a topic's first moments) refuses nothing: it is asked again.
    """
    with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
        for batch in batches:
            deadline = time.monotonic() + TIMEOUT_MS / 1000
            while (error := _sent(admin, topic, partition, batch)).invalid_metadata:
                if time.monotonic() > deadline:
                    break
            yield error


def _sent(admin: KafkaAdminClient, topic: str, partition: int, batch: bytes) -> Any:
    parts = admin.describe_topics([topic])[0]["partitions"]
    leader = next((part["leader_id"] for part in parts if part["partition_index"] == partition), -1)
    if leader < 0:
        return LeaderNotAvailableError
    response = admin._manager.run(admin._manager.send, _request(topic, partition, batch), leader)
    return for_code(response.responses[0].partition_responses[0].error_code)


def _batches(rows: Iterable[tuple[bytes, Headers]]) -> Iterator[bytes]:
    now, builder, count = int(time.time() * 1000), _builder(), 0
    for value, header in rows:
        if builder.append(count, now, None, value, header) is None:
            yield bytes(builder.build())
            builder, count = _builder(), 0
            builder.append(count, now, None, value, header)
        count += 1
    if count:
        yield bytes(builder.build())


def _builder() -> DefaultRecordBatchBuilder:
    return DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=BATCH_BYTES,
    )


def _request(topic: str, partition: int, records: bytes) -> ProduceRequest:
    topic_data = ProduceRequest.TopicProduceData
    data = topic_data.PartitionProduceData(index=partition, records=records)
    return ProduceRequest(
        transactional_id=None,
        acks=-1,
        timeout_ms=TIMEOUT_MS,
        topic_data=[topic_data(name=topic, partition_data=[data])],
        max_version=9,  # later versions name topics by id
    )

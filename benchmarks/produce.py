"""Produces a public data set into a Kafka topic: ``python -m benchmarks.produce elec2 --data DIR``."""

from __future__ import annotations

import argparse
from pathlib import Path

import typer
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic
from kafka.errors import TopicAlreadyExistsError
from rich.progress import track

from benchmarks.datasets import DATASETS


def produce(dataset: str, *, data: Path, bootstrap: str, topic: str, limit: int | None = None) -> int:
    """Create ``topic`` with one partition and produce the data set into it; return the number of messages."""
    messages, total = DATASETS[dataset]
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        admin.create_topics(
            [
                NewTopic(
                    topic,
                    num_partitions=1,
                    replication_factor=1,
                    # Events from the nineties are older than any broker keeps them by default.
                    topic_configs={"retention.ms": "-1"},
                )
            ]
        )
    except TopicAlreadyExistsError as error:
        raise SystemExit(f"topic {topic} exists already; name another with --topic, or delete it") from error
    finally:
        admin.close()
    producer = KafkaProducer(bootstrap_servers=bootstrap, linger_ms=50, batch_size=1 << 18, acks="all")
    count = 0
    for message in track(messages(data), description=f"{dataset} → {topic}", total=min(total, limit or total)):
        producer.send(
            topic, message.value, key=message.key, headers=message.headers, timestamp_ms=message.timestamp_ms
        )
        count += 1
        if count == limit:
            break
    producer.flush()
    producer.close()
    return count


def main() -> None:
    """Read the command line and produce."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", choices=sorted(DATASETS))
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder with the data sets")
    parser.add_argument("--bootstrap", default="127.0.0.1:9092", help="a Kafka broker")
    parser.add_argument("--topic", help="topic to create; the data set's name unless given")
    parser.add_argument("--limit", type=int, help="produce only so many messages")
    arguments = parser.parse_args()
    topic = arguments.topic or arguments.dataset
    count = produce(
        arguments.dataset, data=arguments.data, bootstrap=arguments.bootstrap, topic=topic, limit=arguments.limit
    )
    typer.echo(f"{count} messages in topic {topic}")


if __name__ == "__main__":
    main()

"""A Kafka source's snapshot with another position of one partition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kafka import TopicPartition

from connectors.kafka.positions import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.kafka.source_options import KafkaSourceOptions


def with_position(snapshot: Mapping[str, Any], topic: str, partition: int, *, offset: int) -> dict[str, Any]:
    """Return a snapshot that is read on from ``offset`` there; the partition has to be in it."""
    positions = from_json(snapshot)
    part = TopicPartition(topic, partition)
    positions[part] = positions[part].moved(offset, -1)
    return {**snapshot, **to_json(positions)}


def only(snapshot: Mapping[str, Any], topic: str, partition: int) -> dict[str, Any]:
    """Return a snapshot of that partition alone."""
    part = TopicPartition(topic, partition)
    return {**snapshot, **to_json({part: from_json(snapshot)[part]}), "committed": True}


def reading_beside(options: KafkaSourceOptions) -> KafkaSourceOptions:
    """Return options that read the same topics from their beginning, in no group, whoever else reads them."""
    start = "earliest" if options.start == "latest" else options.start
    return options.model_copy(update={"group": None, "group_instance_id": None, "start": start})


def reading_only(options: KafkaSourceOptions, topic: str, partition: int) -> KafkaSourceOptions:
    """Return options that read that partition alone, in no group, whoever else reads it, with kafka-python.

    Raises KafkaConfigurationError where the configuration's way in is not one that kafka-python knows.
    """
    alone = {"mode": "assign", "group": None, "group_instance_id": None, "order": "arrival", "pattern": None}
    spoken = {"client": options.kafka_python_options(), "librdkafka": {}}
    return options.model_copy(update={**alone, **spoken, "topics": (topic,), "partitions": (partition,)})

"""The options of the sinks of Kafka: dead letters and predictions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from kafka import KafkaProducer
from pydantic import Field

from connectors.kafka.options import KafkaOptions

LONGEST_REQUEST_MS = 30_000


class KafkaSinkOptions(KafkaOptions):
    """Base of the options of the Kafka sinks."""

    CLIENT_DEFAULTS: ClassVar[Mapping[str, Any]] = KafkaProducer.DEFAULT_CONFIG

    topic: str = Field(description="Topic to write to; it must exist.")
    deadline_seconds: float = Field(
        120.0, ge=1, description="Exit with 69 when a write is not acknowledged for this long."
    )

    def producer_config(self) -> dict[str, Any]:
        """Return all of kafka-python's options for this sink: acknowledged by all replicas, without duplicates."""
        limit = int(self.deadline_seconds * 1000)
        ours = {"linger_ms": 5, "max_request_size": 64 * 1024 * 1024, "metrics_enabled": False}
        times = {
            "delivery_timeout_ms": limit,
            "request_timeout_ms": min(LONGEST_REQUEST_MS, limit // 2),
            "max_block_ms": limit,
            "bootstrap_timeout_ms": limit,
        }
        return ours | times | self.client_config() | {"acks": "all", "allow_auto_create_topics": False}


class KafkaDeadLettersOptions(KafkaSinkOptions):
    """Dead letters in a Kafka topic, with Kafka Connect's headers."""

    type: Literal["kafka"] = "kafka"


class KafkaPredictionsOptions(KafkaSinkOptions):
    """Predictions as JSON in a Kafka topic."""

    type: Literal["kafka"] = "kafka"
    linger_ms: int = Field(
        20, ge=0, description="Longest time that a prediction waits for others, to share a request."
    )
    batch_bytes: int = Field(
        256 * 1024, ge=1, description="Maximum size of a batch of predictions for one partition."
    )
    max_unacknowledged: int = Field(
        50_000,
        ge=1,
        description="Maximum number of unacknowledged predictions; the stream then waits for the broker.",
    )

    def producer_config(self) -> dict[str, Any]:
        """Return all of kafka-python's options for this sink."""
        batching = {"linger_ms": self.linger_ms, "batch_size": self.batch_bytes}
        return super().producer_config() | batching

"""The options of the sinks of Kafka: dead letters and predictions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from kafka import KafkaConsumer, KafkaProducer
from pydantic import Field

from connectors.kafka.librdkafka.client_options import PRODUCER
from connectors.kafka.options import KafkaOptions

if TYPE_CHECKING:
    from connectors.kafka.log_client import Isolation

BOOTSTRAP_MS = 5_000
RETRY_MS = 5
WAIT_MS = 500  # of one step of waiting: between two of them it is asked whether to stop
LARGEST_ANSWER_BYTES = 128 * 1024 * 1024


class KafkaSinkOptions(KafkaOptions):
    """Base of the options of the Kafka sinks."""

    CLIENT_DEFAULTS: ClassVar[Mapping[str, Any]] = KafkaProducer.DEFAULT_CONFIG
    LIBRDKAFKA: ClassVar[Mapping[str, Any]] = PRODUCER

    topic: str = Field(description="Topic to write to; it must exist.")
    deadline_seconds: float | None = Field(
        None,
        ge=1,
        description="Exit with 69 when the topic cannot be written to for this long; by default it is waited for.",
    )
    transactional_id: str | None = Field(
        None,
        min_length=1,
        description=(
            "Name under which to write: a process that takes it fences the one that had it before. By default "
            "that of the state in checkpoint.directory, and of every copy of it."
        ),
    )

    def producer_config(self) -> dict[str, Any]:
        """Return all of kafka-python's options to write with: in transactions, acknowledged by all replicas."""
        ours = {"linger_ms": 5, "max_request_size": 64 * 1024 * 1024, "metrics_enabled": False}
        # A transaction that begins while the broker still ends the one before is refused; by default the client
        # then sleeps for 100 ms, ten times as long as the whole transaction takes.
        ours["retry_backoff_ms"] = RETRY_MS
        times = {"delivery_timeout_ms": 30_000, "request_timeout_ms": 10_000, "bootstrap_timeout_ms": BOOTSTRAP_MS}
        always = {
            "acks": "all",
            "enable_idempotence": True,
            "allow_auto_create_topics": False,
            "max_block_ms": WAIT_MS,
        }
        return ours | times | self.client_config() | always

    def reader_config(self) -> dict[str, Any]:
        """Return all of kafka-python's options to read back what was written."""
        given = {
            name: value for name, value in self.client_config().items() if name in KafkaConsumer.DEFAULT_CONFIG
        }
        ours = {"bootstrap_timeout_ms": BOOTSTRAP_MS, "metrics_enabled": False, "max_poll_records": 5_000}
        sizes = {"receive_message_max_bytes": LARGEST_ANSWER_BYTES}
        always = {"auto_offset_reset": "earliest", "enable_auto_commit": False, "allow_auto_create_topics": False}
        return ours | sizes | given | always

    def log_client_configs(self, isolation: Isolation) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what librdkafka's clients take to read back what was written; raise as ``librdkafka_config``."""
        consumer, admin = self.reading_configs(group=None, isolation=isolation)
        return consumer | {"auto.offset.reset": "earliest"}, admin

    def transactions_config(self) -> dict[str, Any]:
        """Return what librdkafka's producer takes, without its name; raise as ``librdkafka_config``."""
        ours = {"message.max.bytes": 64 * 1024 * 1024, "retry.backoff.ms": RETRY_MS}
        times = {"delivery.timeout.ms": 30_000, "request.timeout.ms": 10_000}
        always = {
            "acks": "all",
            "enable.idempotence": True,
            "allow.auto.create.topics": False,
            # As Kafka's own, and kafka-python's: whichever library writes, a key stays in its partition.
            "partitioner": "murmur2_random",
        }
        return ours | times | self.librdkafka_config(PRODUCER) | always


class KafkaDeadLettersOptions(KafkaSinkOptions):
    """Dead letters in a Kafka topic, with Kafka Connect's headers."""

    type: Literal["kafka"] = "kafka"


class KafkaPredictionsOptions(KafkaSinkOptions):
    """Predictions as JSON in a Kafka topic."""

    type: Literal["kafka"] = "kafka"
    linger_ms: int = Field(
        2,
        ge=0,
        description=(
            "Longest time that a prediction waits for others, to share a transaction; where the one before was "
            "alone, it waits for none."
        ),
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
        return super().producer_config() | {"batch_size": self.batch_bytes}

    def transactions_config(self) -> dict[str, Any]:
        """Return what librdkafka's producer takes for this sink."""
        return super().transactions_config() | {"batch.size": self.batch_bytes}

"""A producer whose every record must be acknowledged before a deadline."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, ClassVar

from kafka import KafkaProducer, errors
from pydantic import Field

from connectors.kafka.client import TidyClient
from connectors.kafka.options import KafkaOptions
from connectors.sink import SinkUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

METADATA_RETRY_MS = 500  # the client's 100 ms would log a missing topic ten times a second
CLOSE_SECONDS = 5.0
LONGEST_REQUEST_MS = 30_000


class KafkaSinkOptions(KafkaOptions):
    """What the sinks at Kafka have in common."""

    CLIENT_DEFAULTS: ClassVar[Mapping[str, Any]] = KafkaProducer.DEFAULT_CONFIG

    topic: str = Field(description="The topic to write to; it must exist.")
    deadline_seconds: float = Field(
        120.0, ge=1, description="How long to go on trying before the process ends, to resume from its checkpoint."
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


class AcknowledgedProducer:
    """Connects at the first record. It never creates a topic, whatever the broker allows."""

    def __init__(self, options: KafkaSinkOptions, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._options = options
        self._monotonic = monotonic
        self._client: Any = None
        self._producer: Any = None

    def deadline(self) -> float:
        """Return the moment, in monotonic seconds, until which a call that begins now may go on."""
        return self._monotonic() + self._options.deadline_seconds

    def send(self, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]) -> Any:
        """Queue a record and return kafka-python's future.

        Raises MessageSizeTooLargeError where no broker was even asked, SinkUnavailableError where the topic or
        every broker stays missing until the deadline.
        """
        try:
            return self._connected().send(self._options.topic, value, key, headers)
        except errors.MessageSizeTooLargeError:
            raise
        except (errors.KafkaError, OSError) as error:
            raise self.unavailable(error) from error

    def wait(self, future: Any, deadline: float) -> None:
        """Return when the record is acknowledged; raise the KafkaError that it failed with, or a timeout."""
        future.get(timeout=max(0.0, deadline - self._monotonic()))

    def flush(self) -> None:
        """Return when nothing is under way any more. Raises SinkUnavailableError at the deadline."""
        if self._producer is None:
            return
        try:
            self._producer.flush(timeout=self._options.deadline_seconds)
        except errors.KafkaError as error:
            raise self.unavailable(error) from error

    def unavailable(self, error: Exception) -> SinkUnavailableError:
        """Return the error to raise when this one cannot be mended by waiting."""
        return SinkUnavailableError(f"topic {self._options.topic} cannot be written to: {error}")

    def close(self) -> None:
        """Give what is under way a last chance, and close."""
        producer, self._producer = self._producer, None
        client, self._client = self._client, None
        if producer is None:
            if client is not None:
                client.close()
            return
        try:
            producer.close(timeout=min(CLOSE_SECONDS, self._options.deadline_seconds))
        except errors.KafkaError as error:
            log.warning("not everything written to topic %s was acknowledged: %s", self._options.topic, error)
            sender = producer._sender  # noqa: SLF001  # close() raises and leaves its thread running (3.0.12)
            sender.force_close()
            sender.join(CLOSE_SECONDS)
            producer.close(timeout=CLOSE_SECONDS)

    def _connected(self) -> Any:
        if self._producer is None:
            self._producer = KafkaProducer(**self._options.producer_config(), kafka_client=self._make_client)
        return self._producer

    def _make_client(self, **config: Any) -> Any:
        if self._client is not None:
            self._client.close()  # of an attempt that failed
        self._client = TidyClient(**config)
        self._client.cluster.config["allow_auto_create_topics"] = False
        self._client.cluster.config["retry_backoff_ms"] = METADATA_RETRY_MS
        return self._client

"""A producer whose every record must be acknowledged before a deadline."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from kafka import KafkaProducer, errors

from connectors.kafka.client import TidyClient
from connectors.sink import SinkUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.kafka.sink_options import KafkaSinkOptions

log = logging.getLogger(__name__)

METADATA_RETRY_MS = 500  # the client's 100 ms would log a missing topic ten times a second
CLOSE_SECONDS = 5.0


class AcknowledgedProducer:
    """Connects at the first record, and never creates a topic, whatever the broker allows."""

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

        Raises MessageSizeTooLargeError where the client itself refuses it, SinkUnavailableError where the topic or
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
        """Return when every record is acknowledged or has failed. Raises SinkUnavailableError at the deadline."""
        if self._producer is None:
            return
        try:
            self._producer.flush(timeout=self._options.deadline_seconds)
        except errors.KafkaError as error:
            raise self.unavailable(error) from error

    def unavailable(self, error: Exception) -> SinkUnavailableError:
        """Return the error to raise for one that waiting does not resolve."""
        return SinkUnavailableError(f"topic {self._options.topic} cannot be written to: {error}")

    def close(self) -> None:
        """Wait shortly for what is not acknowledged yet, and close."""
        producer, self._producer = self._producer, None
        client, self._client = self._client, None
        if producer is None:
            if client is not None:
                client.close()
            return
        try:
            producer.close(timeout=min(CLOSE_SECONDS, self._options.deadline_seconds))
        except errors.KafkaError as error:
            log.warning("some records written to topic %s were not acknowledged: %s", self._options.topic, error)
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

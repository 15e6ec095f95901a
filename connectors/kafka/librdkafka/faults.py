"""librdkafka's errors as kafka-python's, which are this package's vocabulary."""

from __future__ import annotations

from typing import Any

from kafka import errors

LOCAL: dict[str, type[errors.KafkaError]] = {
    "_TRANSPORT": errors.KafkaConnectionError,
    "_ALL_BROKERS_DOWN": errors.KafkaConnectionError,
    "_RESOLVE": errors.KafkaConnectionError,
    "_SSL": errors.KafkaConnectionError,
    "_DESTROY": errors.KafkaConnectionError,
    "_AUTHENTICATION": errors.SaslAuthenticationFailedError,
    "_TIMED_OUT": errors.KafkaTimeoutError,
    "_TIMED_OUT_QUEUE": errors.KafkaTimeoutError,
    "_MSG_TIMED_OUT": errors.KafkaTimeoutError,
    "_WAIT_COORD": errors.KafkaTimeoutError,
    "_FENCED": errors.ProducerFencedError,
    "_UNKNOWN_TOPIC": errors.UnknownTopicOrPartitionError,
    "_UNKNOWN_PARTITION": errors.UnknownTopicOrPartitionError,
    "_INVALID_ARG": errors.KafkaConfigurationError,
}
"""What the library finds out by itself, by the name that it gives it."""


def kind_of(error: Any) -> type[errors.KafkaError]:
    """Return kafka-python's class of a ``confluent_kafka.KafkaError``."""
    name = error.name()
    if name in LOCAL:
        return LOCAL[name]
    kind: type[errors.KafkaError] = errors.for_code(error.code()) if error.code() > 0 else errors.KafkaError
    return kind


def raised(exception: Any) -> errors.KafkaError:
    """Return a ``confluent_kafka.KafkaException`` as kafka-python would raise it."""
    error = exception.args[0]
    return kind_of(error)(error.str())

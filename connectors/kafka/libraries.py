"""The libraries that speak Kafka for a source and its sinks, behind one contract each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.kafka.producer import TransactionalProducer
from connectors.kafka.python_log_client import PythonLogClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.kafka.log_client import Isolation, LogClient
    from connectors.kafka.sink_options import KafkaSinkOptions
    from connectors.kafka.source_options import KafkaSourceOptions
    from connectors.kafka.transactions import TransactionalWriter


def new_log_client(options: KafkaSourceOptions) -> LogClient:
    """Return what reads a source's partitions. Raises OSError where a secret's file cannot be read."""
    if options.library == "librdkafka":
        from connectors.kafka.librdkafka.log_client import LibrdkafkaLogClient  # noqa: PLC0415 - of an extra

        consumer, admin = options.log_client_configs()
        return LibrdkafkaLogClient(consumer, admin, in_group=options.group is not None)
    return PythonLogClient(
        options.consumer_config(), skip=options.on_unreadable == "skip", max_batch_bytes=options.max_batch_bytes
    )


def new_reader_of_output(options: KafkaSinkOptions, isolation: Isolation) -> LogClient:
    """Return what reads back what a sink has written. Raises OSError where a secret's file cannot be read."""
    if options.library == "librdkafka":
        from connectors.kafka.librdkafka.log_client import LibrdkafkaLogClient  # noqa: PLC0415 - of an extra

        consumer, admin = options.log_client_configs(isolation)
        return LibrdkafkaLogClient(consumer, admin, in_group=False)
    return PythonLogClient(options.reader_config() | {"isolation_level": isolation})


def new_producer(
    options: KafkaSinkOptions, transactional_id: str, *, stop: Callable[[], bool]
) -> TransactionalWriter:
    """Return what writes a sink's records, once it has fenced whoever had that name.

    ``stop`` is asked again and again while it waits. Raises KafkaError, and OSError as the others do.
    """
    if options.library == "librdkafka":
        from connectors.kafka.librdkafka.producer import LibrdkafkaProducer  # noqa: PLC0415 - of an extra

        config = options.transactions_config() | {"transactional.id": transactional_id}
        return LibrdkafkaProducer(config, options.topic, stop=stop)
    return TransactionalProducer(options, transactional_id, stop=stop)

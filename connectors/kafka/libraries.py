"""The libraries that speak Kafka for a source and its sinks, behind one contract each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.kafka.python_log_client import PythonLogClient

if TYPE_CHECKING:
    from connectors.kafka.log_client import LogClient
    from connectors.kafka.source_options import KafkaSourceOptions


def new_log_client(options: KafkaSourceOptions) -> LogClient:
    """Return what reads a source's partitions. Raises OSError where a secret's file cannot be read."""
    if options.library == "librdkafka":
        from connectors.kafka.librdkafka.log_client import LibrdkafkaLogClient  # noqa: PLC0415 - of an extra

        consumer, admin = options.log_client_configs()
        return LibrdkafkaLogClient(consumer, admin, in_group=options.group is not None)
    return PythonLogClient(
        options.consumer_config(), skip=options.on_unreadable == "skip", max_batch_bytes=options.max_batch_bytes
    )

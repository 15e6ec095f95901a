"""A connection to a Kafka cluster: its network thread, its sockets, and what the cluster says of its topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, errors
from kafka.protocol.metadata import MetadataRequest

from connectors.kafka.client import TidyClient
from connectors.kafka.topics import TopicFacts, Topics, topic_problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kafka import TopicPartition

NO_TOPIC_ID = 0  # what brokers before 2.8 send


class KafkaConnection:
    """Connects in the background; a client of kafka-python then takes ``client`` over.

    kafka-python's own constructors block until a broker answers, and do not pass ``allow_auto_create_topics`` on
    (3.0.12). Built from its parts, a connection can be waited for in small steps and never creates a topic.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        settings = _network_settings(config)
        self.client = TidyClient(**settings)
        self._net = self.client.net
        self._manager = self.client.manager
        self.client.cluster.config["allow_auto_create_topics"] = False
        self._net.start()
        self._answer = self._manager.bootstrap_async()

    @property
    def refusal(self) -> str:
        """Why a broker refused the connection, in a sentence; empty where none did."""
        return self.client.refusal

    def answered(self, timeout_seconds: float) -> bool:
        """Wait for the first broker's answer; raise its KafkaError where trying again cannot help."""
        return self._wait(self._answer, timeout_seconds)

    def describe(self, names: Sequence[str] | None) -> Any:
        """Ask for these topics, or all, and return a future of ``Topics``; asking never creates a topic."""
        return self._manager.call_soon(self._describe, names)

    def wait(self, future: Any, timeout_seconds: float) -> bool:
        """Return whether the future is done; raise what it failed with."""
        return self._wait(future, timeout_seconds)

    def trouble(self, partitions: Iterable[TopicPartition]) -> str:
        """Return in one sentence why these partitions cannot be read now; empty where they can."""
        for part in partitions:
            leader = self._manager.cluster.leader_for_partition(part)
            if leader is None or leader == -1:
                return f"partition {part.partition} of topic {part.topic} has no leader"
            if not self.client.connected(leader):
                node = self._manager.cluster.broker_metadata(leader)
                return f"no connection to broker {leader}" + (f" at {node.host}:{node.port}" if node else "")
        return ""

    def topic_id(self, name: str) -> str | None:
        """Return a topic's id as of the client's newest metadata."""
        known = self._manager.cluster.topic_id(name)
        return str(known) if known is not None and known.int != NO_TOPIC_ID else None

    def close(self) -> None:
        """Close all connections and the network thread."""
        self.client.close()

    def _wait(self, future: Any, timeout_seconds: float) -> bool:
        if not future.is_done:
            try:
                self._net.run(self._manager.wait_for, future, max(1.0, timeout_seconds * 1000))
            except errors.KafkaTimeoutError:
                return False
        if future.failed():
            raise future.exception
        return True

    async def _describe(self, names: Sequence[str] | None) -> Topics:
        wanted = None if names is None else [MetadataRequest.MetadataRequestTopic(name=name) for name in names]
        request = MetadataRequest(
            topics=wanted,
            allow_auto_topic_creation=False,
            include_cluster_authorized_operations=False,
            include_topic_authorized_operations=False,
        )
        response = await self._manager.send(request)
        return _read(response.topics)


def _network_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that a consumer gives its network, which otherwise takes no frame above 1 MB."""
    settings = dict(KafkaConsumer.DEFAULT_CONFIG) | dict(config)
    largest = settings["fetch_max_bytes"] + settings["max_partition_fetch_bytes"]
    settings["receive_message_max_bytes"] = max(settings["receive_message_max_bytes"], largest)
    del settings["socket_options"]  # the network's own also keep connections alive
    return settings


def _read(topics: Iterable[Any]) -> Topics:
    found: dict[str, TopicFacts] = {}
    problems: dict[str, str] = {}
    for topic in topics:
        error = errors.for_code(topic.error_code)
        if error is errors.NoError:
            if not topic.is_internal:
                numbers = tuple(sorted(part.partition_index for part in topic.partitions))
                found[topic.name] = TopicFacts(_topic_id(topic), numbers)
        else:
            problems[topic.name] = topic_problem(topic.name, error)
    return Topics(found, problems)


def _topic_id(topic: Any) -> str | None:
    return str(topic.topic_id) if topic.topic_id is not None and topic.topic_id.int != NO_TOPIC_ID else None

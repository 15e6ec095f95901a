"""One try at a Kafka cluster: its network thread, its connections, and what it says of its topics."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, errors
from kafka.net.compat import KafkaNetClient
from kafka.net.inet import KafkaNetSocket
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector
from kafka.net.transport import KafkaTCPTransport
from kafka.protocol.metadata import MetadataRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kafka import TopicPartition

NO_TOPIC_ID = 0  # what brokers before 2.8 send


class TidySocket(KafkaNetSocket):  # type: ignore[misc]  # kafka-python publishes no types
    """Closes a socket that could not connect: kafka-python leaves it to the garbage collector, many in an outage.

    A class for a proxy's URL is how kafka-python lets others make its connections; here there is no proxy.
    """

    SCHEMES = ("direct",)

    async def sock_connect(self, net: Any, sock: Any, sockaddr: Any, timeout_at: float | None = None) -> Any:
        """Connect, or close."""
        try:
            return await super().sock_connect(net, sock, sockaddr, timeout_at=timeout_at)
        except BaseException:
            sock.close()
            raise


class _Manager(KafkaConnectionManager):  # type: ignore[misc]  # kafka-python publishes no types
    """Remembers why a broker that was reached did not let us in; kafka-python only logs it and tries again."""

    refusal = ""

    def get_connection(self, *arguments: Any, **options: Any) -> Any:
        """Return a connection, and be told if it fails."""
        connection = super().get_connection(*arguments, **options)
        connection.init_future.add_errback(self._note)
        return connection

    async def _build_transport(self, *arguments: Any, **options: Any) -> Any:
        """Connect, or close: a handshake that fails leaves its socket to the garbage collector otherwise."""
        try:
            return await super()._build_transport(*arguments, **options)
        except errors.KafkaConnectionError as error:
            for transport in _transports_on_the_way(error.__context__):
                transport.close()
            raise

    def _note(self, error: Exception) -> None:
        if isinstance(error, errors.SaslAuthenticationFailedError):
            self.refusal = f"the broker refuses our name or password: {error.args[0] if error.args else error}"
        elif "Handshake failed" in str(error):
            self.refusal = f"no TLS with the broker: {error.args[0] if error.args else error}"


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """What a broker says of one topic."""

    topic_id: str | None
    """Changes when a topic is deleted and created again (KIP-516); None from brokers before 2.8."""
    partitions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics that can be read now, and why others cannot."""

    found: Mapping[str, TopicFacts]
    problems: Mapping[str, str]


class KafkaConnection:
    """Connects in the background; a client of kafka-python then takes ``client`` over.

    kafka-python's own constructors block until a broker answers, and hand ``allow_auto_create_topics`` to nobody
    (3.0.12). Built from its parts, one connection can be waited for in small steps and never makes a topic.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        settings = _network_settings(config)
        self._net = NetworkSelector(**settings)
        self._manager = _Manager(self._net, **settings)
        self.client = KafkaNetClient(net=self._net, manager=self._manager)
        self.client.cluster.config["allow_auto_create_topics"] = False
        self._net.start()
        self._answer = self._manager.bootstrap_async()

    @property
    def refusal(self) -> str:
        """Why a broker that was reached did not let us in, in a sentence; empty where none was."""
        return str(self._manager.refusal)

    def answered(self, timeout_seconds: float) -> bool:
        """Wait for the first broker's answer; raise its KafkaError where trying again cannot help."""
        return self._wait(self._answer, timeout_seconds)

    def describe(self, names: Sequence[str] | None) -> Any:
        """Ask for these topics, or all, and return a future of ``Topics``; no topic is ever created by asking."""
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
        """Return a topic's id as the client has last heard it."""
        known = self._manager.cluster.topic_id(name)
        return str(known) if known is not None and known.int != NO_TOPIC_ID else None

    def close(self) -> None:
        """Close all connections and end the thread."""
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


def _transports_on_the_way(error: BaseException | None) -> list[Any]:
    """Return the transports in whose methods an error was raised: nothing else still knows them."""
    frames = [] if error is None else traceback.walk_tb(error.__traceback__)
    holders = (frame.f_locals.get("self") for frame, _ in frames)
    return [holder for holder in holders if isinstance(holder, KafkaTCPTransport)]


def _network_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a consumer would hand to its network: alone, that takes no frame above 1 MB."""
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
            problems[topic.name] = _problem(topic.name, error)
    return Topics(found, problems)


def _topic_id(topic: Any) -> str | None:
    return str(topic.topic_id) if topic.topic_id is not None and topic.topic_id.int != NO_TOPIC_ID else None


def _problem(name: str, error: Any) -> str:
    if error is errors.UnknownTopicOrPartitionError:
        return f"topic {name} does not exist (it is never created from here)"
    if error is errors.TopicAuthorizationFailedError:
        return f"no right to read topic {name}: it needs the ACLs Read and Describe"
    return f"topic {name} cannot be read now: {error.__name__}"

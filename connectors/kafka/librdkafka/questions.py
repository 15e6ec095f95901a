"""Asks a cluster for its topics with librdkafka's admin client, which alone says their ids."""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any
from uuid import UUID

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from kafka import errors

from connectors.kafka.librdkafka.faults import kind_of, raised
from connectors.kafka.topics import TopicFacts, Topics, topic_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TOPICS_SECONDS = 10.0
PATIENCE_SECONDS = 20.0  # the library answers by then, unless it was closed
OF_ONE_TOPIC = (
    errors.UnknownTopicOrPartitionError,
    errors.TopicAuthorizationFailedError,
    errors.InvalidTopicError,
    errors.LeaderNotAvailableError,
)
"""What says something of a topic, and nothing of the connection."""


class Question:
    """Something that is being asked on a thread of its own, since the library would block this one."""

    def __init__(self, work: Callable[[], Topics]) -> None:
        self._future: Future[Topics] = Future()
        threading.Thread(target=self._ask, args=(work,), name="kafka-question", daemon=True).start()

    def _ask(self, work: Callable[[], Topics]) -> None:
        try:
            self._future.set_result(work())
        except Exception as error:  # noqa: BLE001 - whoever waits for the answer gets it
            self._future.set_exception(error)

    @property
    def is_done(self) -> bool:
        """Whether there is an answer, or an error."""
        return self._future.done()

    @property
    def value(self) -> Topics:
        """The answer; raises what asking has failed with."""
        return self._future.result(0)

    def wait(self, timeout_seconds: float) -> bool:
        """Return whether there is an answer within that time; raise what asking has failed with."""
        if not wait([self._future], max(0.0, timeout_seconds)).done:
            return False
        return bool(self.value)


class Cluster:
    """An admin client; each method raises kafka-python's KafkaError, KafkaTimeoutError where nobody answers.

    What it could ask of groups is asked with the consumer: an answer to that which comes late ends the process
    (librdkafka's issue 4605).
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._admin: AdminClient | None = AdminClient(dict(config))

    def close(self) -> None:
        """Close its connections; what is being asked is not answered any more."""
        self._admin = None

    @property
    def _open(self) -> AdminClient:
        if self._admin is None:
            raise errors.KafkaConnectionError("the connection was closed")
        return self._admin

    def reach(self) -> Topics:
        """Wait until a broker answers; what it knows of topics is not asked."""
        try:
            self._open.describe_cluster(request_timeout=TOPICS_SECONDS).result(PATIENCE_SECONDS)
        except KafkaException as exception:
            raise raised(exception) from exception
        return Topics({}, {})

    def serve(self) -> None:
        """Let the library call back with its errors and logs."""
        self._open.poll(0)

    def describe(self, names: Sequence[str] | None) -> Topics:
        """Return what there is to know of these topics, or of all that are nobody's internal ones."""
        try:
            wanted = self._names() if names is None else list(names)
            answers = self._open.describe_topics(TopicCollection(wanted), request_timeout=TOPICS_SECONDS)
        except KafkaException as exception:
            raise raised(exception) from exception
        found: dict[str, TopicFacts] = {}
        problems: dict[str, str] = {}
        for name, answer in answers.items():
            try:
                said = answer.result(PATIENCE_SECONDS)
            except KafkaException as exception:
                error = kind_of(exception.args[0])
                if not issubclass(error, OF_ONE_TOPIC):
                    raise raised(exception) from exception
                problems[name] = topic_problem(name, error)
            else:
                if not said.is_internal:
                    numbers = tuple(sorted(each.id for each in said.partitions))
                    found[name] = TopicFacts(topic_id_of(said.topic_id), numbers)
        return Topics(found, problems)

    def _names(self) -> list[str]:
        return sorted(self._open.list_topics(timeout=TOPICS_SECONDS).topics)


def topic_id_of(said: Any) -> str | None:
    """Return a topic's id as kafka-python writes it: a checkpoint may have been read by either."""
    most, least = said.get_most_significant_bits(), said.get_least_significant_bits()
    number = ((most & (1 << 64) - 1) << 64) | (least & (1 << 64) - 1)
    return str(UUID(int=number)) if number else None

"""What a topic has of what was written to it: read back from where a checkpoint knows it."""

from __future__ import annotations

from collections import deque
from contextlib import closing
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, TopicPartition, errors

from connectors.kafka.client import TidyClient
from connectors.kafka.outgoing import Origin, Place, SourcePosition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from connectors.kafka.sink_options import KafkaSinkOptions

POLL_MS = 500


class Present:
    """Events that a topic has a record of, and that will come once more, each partition's in its order."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, int], deque[Place]] = {}

    def __bool__(self) -> bool:
        return bool(self._places)

    def add(self, positions: Iterable[SourcePosition]) -> None:
        """Add events; one that is there more than once has that many records."""
        for topic, partition, place in positions:
            self._places.setdefault((topic, partition), deque()).append(place)
        for part, places in self._places.items():
            self._places[part] = deque(sorted(places))

    def take(self, position: SourcePosition) -> bool:
        """Return whether there is a record of an event, and forget that one, and events before it.

        >>> present = Present()
        >>> present.add([SourcePosition("plant", 0, Place(*place)) for place in [(5, 0), (3,), (5, 1), (7,)]])
        >>> [present.take(SourcePosition("plant", 0, Place(*place))) for place in [(3,), (4,), (5, 1), (5, 2)]]
        [True, False, True, False]
        """
        topic, partition, place = position
        places = self._places.get((topic, partition), deque())
        while places and places[0] < place:
            places.popleft()
        found = bool(places) and places[0] == place
        if found:
            places.popleft()
        if not places:
            self._places.pop((topic, partition), None)
        return found


class OutputTail:
    """The events that a topic has records of, of one writer, and where its partitions end."""

    def __init__(self) -> None:
        self.positions: list[SourcePosition] = []
        self.processes: set[str] = set()
        """The processes that have written them."""
        self.ends: dict[int, int] = {}

    @classmethod
    def read(
        cls,
        options: KafkaSinkOptions,
        since: Mapping[int, int] | None,
        *,
        writer: str,
        stop: Callable[[], bool],
    ) -> OutputTail:
        """Read a topic from these offsets to its present end; where they are not known, only note the end.

        What is in a transaction that is open is waited for: after it was fenced, no writer of ours has one. Raises
        KafkaError.
        """
        tail = cls()
        with closing(_consumer(options, "read_uncommitted")) as consumer:
            parts = _partitions(consumer, options.topic)
            tail.ends = {part.partition: end for part, end in consumer.end_offsets(parts).items()}
        if since is not None:
            begins = {number: since.get(number, 0) for number in tail.ends}
            wanted = {number: 0 if begin > tail.ends[number] else begin for number, begin in begins.items()}
            with closing(_consumer(options, "read_committed")) as consumer:
                tail._gather(consumer, options.topic, wanted, writer=writer, stop=stop)
        return tail

    def _gather(
        self, consumer: Any, topic: str, begins: Mapping[int, int], *, writer: str, stop: Callable[[], bool]
    ) -> None:
        behind = {TopicPartition(topic, number) for number, begin in begins.items() if begin < self.ends[number]}
        consumer.assign(sorted(behind))
        for part in behind:
            consumer.seek(part, begins[part.partition])
        while behind and not stop():
            for records in consumer.poll(timeout_ms=POLL_MS).values():
                for record in records:
                    self._note(Origin.found_in(record.headers), writer)
            behind = {part for part in behind if consumer.position(part) < self.ends[part.partition]}

    def _note(self, origin: Origin | None, writer: str) -> None:
        if origin is not None and origin.writer == writer:
            self.positions.append(origin.position)
            self.processes.add(origin.process)


def _consumer(options: KafkaSinkOptions, isolation_level: str) -> Any:
    return KafkaConsumer(**options.reader_config() | {"isolation_level": isolation_level}, kafka_client=_client)


def _partitions(consumer: Any, topic: str) -> list[TopicPartition]:
    numbers = consumer.partitions_for_topic(topic)
    if not numbers:
        raise errors.UnknownTopicOrPartitionError("it does not exist (retaind never creates topics)")
    return [TopicPartition(topic, number) for number in sorted(numbers)]


def _client(**config: Any) -> TidyClient:
    client = TidyClient(**config)
    client.cluster.config["allow_auto_create_topics"] = False
    return client

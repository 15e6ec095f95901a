"""What a topic has of what was written to it: read back from where a checkpoint knows it."""

from __future__ import annotations

import time
from collections import deque
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING

from kafka import TopicPartition, errors

from connectors.kafka.libraries import new_reader_of_output
from connectors.kafka.outgoing import Origin, Place, SourcePosition
from connectors.kafka.positions import Position
from connectors.kafka.unreadable import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from connectors.kafka.log_client import Isolation, LogClient
    from connectors.kafka.sink_options import KafkaSinkOptions

POLL_SECONDS = 0.5
AT_ONCE = 5_000
ANSWER_SECONDS = 30.0
CONNECTED_SECONDS = 5.0


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
        with _connected(options, "read_uncommitted", stop) as client:
            ends = client.ends(_partitions(client, options.topic), ANSWER_SECONDS)
            tail.ends = {part.partition: end.offset for part, end in ends.items()}
        if since is not None:
            begins = {number: since.get(number, 0) for number in tail.ends}
            wanted = {number: 0 if begin > tail.ends[number] else begin for number, begin in begins.items()}
            with _connected(options, "read_committed", stop) as client:
                tail._gather(client, options.topic, wanted, writer=writer, stop=stop)
        return tail

    def _gather(
        self, client: LogClient, topic: str, begins: Mapping[int, int], *, writer: str, stop: Callable[[], bool]
    ) -> None:
        behind = {TopicPartition(topic, number) for number, begin in begins.items() if begin < self.ends[number]}
        client.assign(behind)
        for part in behind:
            client.begin(part, Position(begins[part.partition]))
        while behind and not stop():
            try:
                polled = client.poll(POLL_SECONDS, AT_ONCE)
            except UnreadableError as error:
                raise errors.CorruptRecordError(str(error)) from error
            for record in chain.from_iterable(polled.values()):
                self._note(Origin.found_in(record.headers), writer)
            behind = {part for part in behind if (client.position(part) or 0) < self.ends[part.partition]}

    def _note(self, origin: Origin | None, writer: str) -> None:
        if origin is not None and origin.writer == writer:
            self.positions.append(origin.position)
            self.processes.add(origin.process)


@contextmanager
def _connected(options: KafkaSinkOptions, isolation: Isolation, stop: Callable[[], bool]) -> Iterator[LogClient]:
    """Yield a client that a broker has answered; raise KafkaError where none does."""
    client = new_reader_of_output(options, isolation)
    try:
        deadline = time.monotonic() + CONNECTED_SECONDS
        while not client.answered(POLL_SECONDS):
            if client.refusal:
                raise errors.KafkaConnectionError(client.refusal)
            if stop() or time.monotonic() >= deadline:
                raise errors.KafkaTimeoutError(f"no broker at {options.bootstrap_servers} has answered")
        yield client
    finally:
        client.close(CONNECTED_SECONDS)


def _partitions(client: LogClient, topic: str) -> list[TopicPartition]:
    question = client.describe([topic])
    if not client.wait(question, ANSWER_SECONDS):
        raise errors.KafkaTimeoutError("no broker says which partitions the topic has")
    facts = question.value.found.get(topic)
    if facts is None:
        why = question.value.problems.get(topic, "")
        missing = "does not exist" in why
        raise (errors.UnknownTopicOrPartitionError if missing else errors.KafkaError)(why)
    return [TopicPartition(topic, number) for number in facts.partitions]

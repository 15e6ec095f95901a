"""What is written into a course's topic: good events and bad ones, transactions that last and that do not."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson
from kafka import KafkaProducer

from connectors.kafka.client import TidyClient
from tests.end_to_end.plant import plant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from tests.kafka.cluster import Cluster

Position = tuple[int, int]
"""Partition and offset."""

MOST_EVENTS = 40_000
LEAST, MOST = 300, 1_100
KEYS = 400
BAD_EVERY, TOMBSTONE_EVERY = 11, 97
WAYS = ("plain", "plain", "plain", "committed", "committed", "aborted")
TIMEOUTS = {"delivery_timeout_ms": 30_000, "request_timeout_ms": 29_000}


class Stream:
    """Writes events, numbered throughout, and remembers how many there are to be learned, or rejected."""

    def __init__(self, cluster: Cluster, topic: str, *, partitions: int, chance: Random) -> None:
        self.topic, self.partitions = topic, partitions
        self.events: dict[int, Position] = {}
        """Where each event is that can be learned, by its number."""
        self.bad: set[Position] = set()
        """Where the others are."""
        self._cluster = cluster
        self._chance = chance
        self._events = plant(MOST_EVENTS)
        self._number = 0

    def grow(self, least: int = LEAST, most: int = MOST) -> None:
        """Write so many events, in a transaction or without; what is aborted is nobody's to learn."""
        ways = {number: self._chance.choice(WAYS) for number in range(self.partitions)}
        counts = {number: 1 + self._chance.randint(least, most) // self.partitions for number in ways}
        for how in sorted(set(ways.values())):
            self._write({number: counts[number] for number, way in ways.items() if way == how}, how)
        aborted = {number: counts[number] for number, way in ways.items() if way == "aborted"}
        if aborted:
            self._write(aborted, "plain")  # so that each partition has something that is later than what was there

    def end(self) -> None:
        """Write a last event into each partition: by timestamp, all before it can be taken."""
        self._write(dict.fromkeys(range(self.partitions), 1), "plain")

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Within it, an open transaction hides what comes after it in one partition; then it is ended."""
        with self._producer(transactional_id=f"{self.topic}-held") as producer:
            producer.init_transactions()
            producer.begin_transaction()
            count = self._chance.randint(5, 40)
            sent = self._send(producer, {self._chance.randrange(self.partitions): count})
            yield
            if self._chance.random() < 0.5:
                producer.commit_transaction()
                self._remember(sent)
            else:
                producer.abort_transaction()

    def _write(self, counts: dict[int, int], how: str) -> None:
        if how == "plain":
            with self._producer() as producer:
                self._remember(self._send(producer, counts))
            return
        with self._producer(transactional_id=f"{self.topic}-writer") as producer:
            producer.init_transactions()
            producer.begin_transaction()
            sent = self._send(producer, counts)
            if how == "committed":
                producer.commit_transaction()
                self._remember(sent)
            else:
                producer.abort_transaction()

    def _send(self, producer: Any, counts: dict[int, int]) -> list[tuple[int | None, Any]]:
        """Write so many into each partition, in the order of their timestamps; return their numbers and places."""
        sent: list[tuple[int | None, Any]] = []
        now = int(time.time() * 1000)
        for turn in range(max(counts.values())):
            for partition in (each for each, count in counts.items() if turn < count):
                number, value = self._next()
                key = b"%d" % self._chance.randrange(KEYS)
                sent.append((number, producer.send(self.topic, value, key, [], partition, now + turn // 20)))
        producer.flush()
        return [(number, future.get(timeout=0)) for number, future in sent]

    def _remember(self, sent: list[tuple[int | None, Any]]) -> None:
        for number, place in sent:
            if number is None:
                self.bad.add((place.partition, place.offset))
            else:
                self.events[number] = (place.partition, place.offset)

    def _next(self) -> tuple[int | None, bytes | None]:
        """Return the next event's number, None where it is none, and its value."""
        number, self._number = self._number, self._number + 1
        if number % TOMBSTONE_EVERY == TOMBSTONE_EVERY - 1:
            return None, None
        if number % BAD_EVERY == BAD_EVERY - 1:
            return None, b"not JSON %d" % number
        return number, orjson.dumps(orjson.loads(next(self._events)) | {"n": number})

    def _producer(self, **more: Any) -> Any:
        return KafkaProducer(
            bootstrap_servers=self._cluster.bootstrap,
            kafka_client=TidyClient,
            linger_ms=5,
            allow_auto_create_topics=False,
            **TIMEOUTS,
            **more,
        )

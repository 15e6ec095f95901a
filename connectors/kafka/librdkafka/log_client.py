"""Reads logs with librdkafka."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from confluent_kafka import Consumer, KafkaException
from confluent_kafka import TopicPartition as Place
from kafka import TopicPartition, errors

from connectors.kafka.librdkafka.commits import Commits
from connectors.kafka.librdkafka.delivered import Delivered
from connectors.kafka.librdkafka.faults import raised
from connectors.kafka.librdkafka.offsets import Offsets, place
from connectors.kafka.librdkafka.questions import Cluster, Question
from connectors.kafka.librdkafka.refusal import Refusal
from connectors.kafka.librdkafka.statistics import Statistics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kafka.structs import OffsetAndMetadata

    from connectors.kafka.log_client import LogEnd, TopicQuestion
    from connectors.kafka.positions import Position
    from connectors.kafka.topics import Topics
    from connectors.record import Record

log = logging.getLogger(__name__)

REST_SECONDS = 5.0  # of a rest, after which it is a long one
LOOK_SECONDS = 1.0  # how often it is asked whether topics are still the same
SLICE_SECONDS = 0.01  # of a wait for an answer that comes among the records
SEEK_SECONDS, SEEK_AGAIN_SECONDS = 5.0, 0.001  # until a partition that was assigned can be sought in
HOLE_SECONDS = 1.0  # timeout of a request for the epoch behind a hole


class LibrdkafkaLogClient:
    """See ``LogClient``: librdkafka's consumer reads, and its admin client asks.

    A partition that is read is assigned, one that is held is not: so nothing of it comes that was fetched before.
    """

    def __init__(
        self,
        consumer: Mapping[str, Any],
        admin: Mapping[str, Any],
        *,
        in_group: bool,
    ) -> None:
        self._refusal = Refusal()
        self._statistics = Statistics()
        ours = {"error_cb": self._refusal.note, "logger": log}
        self._cluster = Cluster({**admin, **ours})
        self._commits = Commits()
        # A method of this object would let the library hold it, and it lasts until somebody collects circles.
        callbacks = {"stats_cb": self._statistics.take, "on_commit": self._commits.take}
        self._consumer: Any = Consumer({**consumer, **ours, **callbacks})
        self._offsets = Offsets(self._consumer)
        self._backlog: list[Any] = []
        """Messages that came while something else was waited for."""
        self._delivered = Delivered(in_group=in_group)
        self._question: Question | None = None
        self._look: Question | None = None
        self._look_at = float("-inf")
        self._ids: Mapping[str, str | None] = {}
        self._problems: Mapping[str, str] = {}
        self._reading: set[TopicPartition] = set()
        self._paused: set[TopicPartition] = set()
        self._resting: set[TopicPartition] = set()
        """Of the paused ones, those that are read again with the next poll."""
        self._rests_since: float | None = None

    @property
    def refusal(self) -> str:
        """See ``LogClient``, as for all that follow."""
        return self._refusal.why

    def answered(self, timeout_seconds: float) -> bool:
        """See ``LogClient``."""
        if self._question is None:
            self._question = Question(self._cluster.reach)
        try:
            done = self._question.wait(timeout_seconds)
        except errors.KafkaError:
            self._question, done = None, False
        # Nothing is assigned yet, so that there is nothing to come but what the library has to say.
        self._consumer.poll(0)
        self._cluster.serve()
        return done

    def close(self, timeout_seconds: float) -> None:
        """Close, and leave behind what does not end in time: the library waits for commits that nobody answers."""
        closing = threading.Thread(target=self._consumer.close, name="kafka-closing", daemon=True)
        closing.start()
        closing.join(timeout_seconds)
        self._cluster.close()

    def describe(self, names: Sequence[str] | None) -> TopicQuestion:
        """See ``LogClient``."""
        return Question(lambda: self._described(names))

    def _described(self, names: Sequence[str] | None) -> Topics:
        topics = self._cluster.describe(names)
        self._ids = {name: facts.topic_id for name, facts in topics.found.items()}
        self._problems = topics.problems
        return topics

    def wait(self, question: TopicQuestion, timeout_seconds: float) -> bool:
        """See ``LogClient``."""
        assert isinstance(question, Question)
        return question.wait(timeout_seconds)

    def topic_id(self, name: str) -> str | None:
        """Return it as of a look before; the library knows it, and says nothing when it becomes another."""
        self._look_again()
        return self._ids.get(name)

    def trouble(self, parts: Iterable[TopicPartition]) -> str:
        """See ``LogClient``."""
        parts = list(parts)
        gone = sorted({problem for part in parts if (problem := self._problems.get(part.topic))})
        return gone[0] if gone else self._statistics.trouble(parts)

    def _look_again(self) -> None:
        now = time.monotonic()
        if now >= self._look_at and (self._look is None or self._look.is_done):
            self._look_at = now + LOOK_SECONDS
            self._cluster.serve()
            names = sorted({part.topic for part in self._reading})
            self._look = Question(lambda: self._described(names))

    def starts(self, parts: Sequence[TopicPartition], timeout_seconds: float) -> dict[TopicPartition, int]:
        """See ``LogClient``."""
        return self._offsets.starts(parts, timeout_seconds)

    def ends(self, parts: Sequence[TopicPartition], timeout_seconds: float) -> dict[TopicPartition, LogEnd]:
        """See ``LogClient``."""
        return self._offsets.ends(parts, timeout_seconds)

    def first_since(self, part: TopicPartition, milliseconds: int, timeout_seconds: float) -> int | None:
        """See ``LogClient``."""
        return self._offsets.first_since(part, milliseconds, timeout_seconds)

    def committed(
        self, parts: Sequence[TopicPartition], timeout_seconds: float
    ) -> Mapping[TopicPartition, OffsetAndMetadata]:
        """See ``LogClient``."""
        return self._offsets.committed(parts, timeout_seconds)

    def commit(self, offsets: Mapping[TopicPartition, OffsetAndMetadata], timeout_seconds: float) -> None:
        """Commit, and keep what is delivered until there is an answer: both come by the same queue."""
        places = [place(part, at.offset, at.leader_epoch, at.metadata) for part, at in offsets.items()]
        deadline = time.monotonic() + timeout_seconds
        try:
            self._consumer.commit(offsets=places, asynchronous=True)
            while not self._commits.is_answered(places):
                if time.monotonic() >= deadline:
                    raise errors.KafkaTimeoutError("the group's coordinator has not answered")
                message = self._consumer.poll(SLICE_SECONDS)
                self._backlog += [] if message is None else [message]
        except KafkaException as exception:
            raise raised(exception) from exception

    def assign(self, parts: Iterable[TopicPartition]) -> None:
        """See ``LogClient``; to this library they become known when they begin."""

    def begin(self, part: TopicPartition, at: Position) -> None:
        """See ``LogClient``."""
        self.hold([part])
        there = place(part, at.offset, at.leader_epoch)
        self._consumer.incremental_assign([there])
        self._reading.add(part)
        self._delivered.begin(part, at.offset)
        if at.leader_epoch >= 0:
            self._seek(there)

    def _seek(self, there: Place) -> None:
        """Let the library compare the epoch with the broker's log (KIP-320), which it does not do as it assigns.

        Raises KafkaError where the partition cannot be sought for long after it was assigned.
        """
        deadline = time.monotonic() + SEEK_SECONDS
        while True:
            try:
                self._consumer.seek(there)
            except KafkaException as exception:
                if exception.args[0].name() != "_STATE" or time.monotonic() >= deadline:
                    raise raised(exception) from exception
                time.sleep(SEEK_AGAIN_SECONDS)
            else:
                return

    def hold(self, parts: Iterable[TopicPartition]) -> None:
        """See ``LogClient``."""
        held = [part for part in parts if part in self._reading]
        for part in held:
            self.resume(part)
            self._resting.discard(part)
            self._delivered.forget(part)
        if held:
            self._backlog = [each for each in self._backlog if (each.topic(), each.partition()) not in held]
            self._consumer.incremental_unassign([Place(*part) for part in held])
            self._reading.difference_update(held)

    def pause(self, part: TopicPartition) -> None:
        """See ``LogClient``."""
        if part in self._reading - self._paused:
            self._consumer.pause([Place(*part)])
            self._paused.add(part)

    def resume(self, part: TopicPartition) -> None:
        """See ``LogClient``."""
        if part in self._paused:
            self._consumer.resume([Place(*part)])
            self._paused.discard(part)

    def poll(self, timeout_seconds: float, max_records: int) -> Mapping[TopicPartition, list[Record]]:
        """See ``LogClient``."""
        self._delivered.raise_what_came_last()
        self._wake()
        try:
            messages = self._next(timeout_seconds, max_records)
        except KafkaException as exception:
            raise raised(exception) from exception
        return self._delivered.runs(messages)

    def _next(self, timeout_seconds: float, most: int) -> list[Any]:
        messages, self._backlog = self._backlog[:most], self._backlog[most:]
        if not messages:
            # With a timeout, consume() would wait for as many as it may return.
            messages = self._consumer.consume(most, 0)
        if not messages and (first := self._consumer.poll(timeout_seconds)) is not None:
            messages = [first, *(self._consumer.consume(most - 1, 0) if most > 1 else ())]
        return messages

    def rest(
        self, parts: Iterable[TopicPartition], timeout_seconds: float
    ) -> Mapping[TopicPartition, list[Record]]:
        """Read nothing. In a long rest, what the library says by the way is heard: it would pile up unheard.

        For that the partitions are paused, which drops what was fetched of them.
        """
        now = time.monotonic()
        self._rests_since = now if self._rests_since is None else self._rests_since
        if now - self._rests_since >= REST_SECONDS:
            resting = set(parts) - self._paused
            for part in resting:
                self.pause(part)
            self._resting |= resting
            message = self._consumer.poll(0)
            self._backlog += [] if message is None else [message]
        return {}

    def _wake(self) -> None:
        self._rests_since = None
        for part in self._resting:
            self.resume(part)
        self._resting.clear()

    @property
    def cut_short(self) -> bool:
        """Never: the library holds no more than ``queued.max.messages.kbytes``, and a poll brings no more."""
        return False

    def position(self, part: TopicPartition) -> int | None:
        """See ``LogClient``."""
        return self._delivered.position(part)

    def passed(self, parts: Sequence[tuple[TopicPartition, Position]]) -> dict[TopicPartition, Position]:
        """See ``LogClient``; the library knows of a hole where it has come to the end of a log.

        Its epoch is not said. That of the log's end, asked for later, is none that the broker has not had by then,
        and is of a record before the hole or in it, or newer.
        """
        behind = {
            part: at.moved(there, -1)
            for part, at in parts
            if (there := self._delivered.position(part)) is not None and there > at.offset
        }
        try:
            ends = self.ends(list(behind), HOLE_SECONDS)
        except errors.KafkaError:
            return {}
        return {
            part: at.moved(at.offset, ends[part].leader_epoch)
            for part, at in behind.items()
            if ends[part].offset >= at.offset
        }

    def high_watermark(self, part: TopicPartition) -> int | None:
        """See ``LogClient``."""
        try:
            _, end = self._consumer.get_watermark_offsets(Place(*part), cached=True)
        except KafkaException:
            return None
        return end if end >= 0 else None

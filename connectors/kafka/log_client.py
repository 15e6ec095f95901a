"""What a library for Kafka has to do for a source and for a sink that reads its own output back: the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kafka import TopicPartition
    from kafka.consumer.subscription_state import ConsumerRebalanceListener
    from kafka.structs import OffsetAndMetadata

    from connectors.kafka.positions import Position
    from connectors.kafka.topics import Topics
    from connectors.record import Record

Isolation = Literal["read_committed", "read_uncommitted"]


class LogEnd(NamedTuple):
    """Where a partition's log ends."""

    offset: int
    leader_epoch: int
    """Of the newest leader, -1 where unknown."""


class TopicQuestion(Protocol):
    """A question for topics that is under way."""

    @property
    def is_done(self) -> bool:
        """Whether there is an answer, or an error."""

    @property
    def value(self) -> Topics:
        """The answer, where it is done and has not failed."""


class LogClient(Protocol):
    """One connection to a cluster, and the partitions that are read over it. Used from one thread.

    Errors are kafka-python's, whatever the library: ``kafka.errors`` is the protocol's own vocabulary. After one
    from ``answered``, ``poll`` or a question that was asked, a client is closed, and another one made. A partition
    is read between ``begin`` and ``hold``. What a client delivers of it is in the order of its log, and nothing is
    left out but what transactions have aborted; it may begin before the position that was asked for.
    """

    @property
    def refusal(self) -> str:
        """Why a broker refused the connection, in a sentence; empty where none did."""

    def answered(self, timeout_seconds: float) -> bool:
        """Wait for the first broker's answer; raise its KafkaError where trying again cannot help."""

    def close(self, timeout_seconds: float) -> None:
        """Leave the group, where there is one, and close all connections. May be called twice."""

    # What a cluster knows of its topics.

    def describe(self, names: Sequence[str] | None) -> TopicQuestion:
        """Ask for these topics, or all; asking never creates a topic."""

    def wait(self, question: TopicQuestion, timeout_seconds: float) -> bool:
        """Return whether a question is answered; raise what it failed with."""

    def topic_id(self, name: str) -> str | None:
        """Return a topic's id as far as it is known without asking."""

    def trouble(self, parts: Iterable[TopicPartition]) -> str:
        """Return in one sentence why these partitions cannot be read now; empty where they can."""

    # What it knows of the logs, and of what a group has read of them; each of these is a request.

    def starts(self, parts: Sequence[TopicPartition], timeout_seconds: float) -> dict[TopicPartition, int]:
        """Return the offset of the first record of each log."""

    def ends(self, parts: Sequence[TopicPartition], timeout_seconds: float) -> dict[TopicPartition, LogEnd]:
        """Return the ends of the logs, or where a transaction is open that is not to be read, its begin."""

    def first_since(self, part: TopicPartition, milliseconds: int, timeout_seconds: float) -> int | None:
        """Return the offset of the first record from that time on (Unix time), None where there is none."""

    def committed(
        self, parts: Sequence[TopicPartition], timeout_seconds: float
    ) -> Mapping[TopicPartition, OffsetAndMetadata]:
        """Return what the group has committed, of the partitions of which it has."""

    def commit(self, offsets: Mapping[TopicPartition, OffsetAndMetadata], timeout_seconds: float) -> None:
        """Commit to the group."""

    # Reading.

    def assign(self, parts: Iterable[TopicPartition]) -> None:
        """Name all partitions that are, or will be, read."""

    def begin(self, part: TopicPartition, at: Position) -> None:
        """Read a partition from this position on, whatever was read of it before."""

    def hold(self, parts: Iterable[TopicPartition]) -> None:
        """Deliver nothing of these partitions until they begin, and drop what was fetched of them."""

    def pause(self, part: TopicPartition) -> None:
        """Deliver nothing of a partition for now."""

    def resume(self, part: TopicPartition) -> None:
        """Go on with it, behind what was delivered last."""

    def poll(self, timeout_seconds: float, max_records: int) -> Mapping[TopicPartition, list[Record]]:
        """Return records at once where there are some, else as soon as some come, none at the timeout.

        Raises UnreadableError where the next ones of a partition cannot be read, ``OffsetOutOfRangeError`` with a
        mapping of partitions where the log does not hold them, ``LogTruncationError`` where it holds others.
        """

    def rest(
        self, parts: Iterable[TopicPartition], timeout_seconds: float
    ) -> Mapping[TopicPartition, list[Record]]:
        """Read nothing, and keep the place in a group; return what has come all the same."""

    @property
    def cut_short(self) -> bool:
        """Whether the last poll has brought as many bytes as one may, so that more may be there."""

    def position(self, part: TopicPartition) -> int | None:
        """Return the offset behind what was delivered and what holds no record; None while it is not known."""

    def passed(self, parts: Sequence[tuple[TopicPartition, Position]]) -> dict[TopicPartition, Position]:
        """Return the positions of those behind which there are offsets that hold no record."""

    def high_watermark(self, part: TopicPartition) -> int | None:
        """Return where a log ended when it was last fetched, None where it was not."""


class GroupClient(LogClient, Protocol):
    """A client that is a member of a group, which shares partitions; ``assign`` is not for it."""

    @property
    def gate(self) -> Any:
        """What stands between it and a rebalance."""

    @property
    def is_settled(self) -> bool:
        """Whether the group has given it its share."""

    def subscribe(self, topics: Sequence[str], listener: ConsumerRebalanceListener) -> None:
        """Share these topics; the listener is called on another thread."""

    def go_on_joining(self) -> None:
        """Complete a rebalance that outlasts a poll."""

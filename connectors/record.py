"""What a source delivers: one message, with the attributes that Kafka's clients give it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE_START = "retaind.file"
"""Name of the header, always the first, of the first record of a file; its value is the path."""
MOST_EVENTS = 1 << 15
"""The most events that one message may hold."""

HEADER_BYTES = 8

_OFFSET_BITS = 48


class Record(Protocol):
    """The part of kafka-python's ``ConsumerRecord`` that the daemon reads; every source delivers this.

    ``timestamp`` is in milliseconds since the epoch, -1 where unknown. ``offset`` grows within a partition but
    may have holes (compaction, transaction markers).
    """

    @property
    def topic(self) -> str:
        """The topic, or the name that a source gives in its place."""

    @property
    def partition(self) -> int:
        """The partition, 0 where there is only one."""

    @property
    def offset(self) -> int:
        """The position in the partition."""

    @property
    def timestamp(self) -> int:
        """Milliseconds since the epoch, -1 where unknown."""

    @property
    def key(self) -> bytes | None:
        """The key, None where there is none."""

    @property
    def value(self) -> bytes | None:
        """The payload; None is a tombstone."""

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """Name and value of each header, in order."""


class UnreadableRecord(NamedTuple):
    """What stands in a log where nobody can read it, as bytes, in the place of the records that it held.

    It is never decoded, and goes to the dead letters; ``offset`` is the last one that it covers.
    """

    topic: str
    partition: int
    offset: int
    value: bytes | None
    problem: str
    """One sentence for a person, with the offsets."""
    timestamp: int = -1
    key: bytes | None = None
    headers: list[tuple[str, bytes]] = []  # noqa: RUF012  # nobody adds to it
    leader_epoch: int = -1


class LocalRecord(NamedTuple):
    """A record of a source that is not Kafka."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


class EventRecord(NamedTuple):
    """One of the events in a message: the message's own attributes, and which of its events this is."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    """The whole message, as it came."""
    headers: list[tuple[str, bytes]]
    event_index: int
    """From 0, in the message's list."""

    @staticmethod
    def of(message: Record, index: int) -> EventRecord:
        """Return the event at ``index`` of a message's."""
        return EventRecord(
            message.topic,
            message.partition,
            message.offset,
            message.timestamp,
            message.key,
            message.value,
            message.headers,
            index,
        )


def size_of(record: Record) -> int:
    """Return the bytes of a record's key, value and headers.

    >>> size_of(LocalRecord("t", 0, 7, -1, b"k", b"{}", [("id", b"a7")]))
    15
    """
    return len(record.key or b"") + len(record.value or b"") + size_of_headers(record.headers)


def size_of_headers(headers: Sequence[tuple[str, bytes | None]]) -> int:
    """Return the bytes of headers: names, values, and what says how long each is. A million may have no other."""
    return sum(HEADER_BYTES + len(name) + len(value or b"") for name, value in headers)


def event_index(record: Record) -> int | None:
    """Return which of its message's events this is, None where a message is one event."""
    return record.event_index if isinstance(record, EventRecord) else None


def event_position(record: Record) -> int:
    """Return a number that no other event of the partition has: the offset where a message is one event.

    >>> event_position(LocalRecord("t", 0, 7, -1, None, b"", []))
    7
    >>> hex(event_position(EventRecord("t", 0, 7, -1, None, b"", [], event_index=2)))
    '0x2000000000007'
    """
    if isinstance(record, EventRecord):
        return record.offset + (record.event_index << _OFFSET_BITS)
    return record.offset


def offset_of(position: int) -> int:
    """Return the offset of the message that an event came in, by the event's position.

    >>> offset_of(event_position(EventRecord("t", 0, 7, -1, None, b"", [], event_index=2)))
    7
    """
    return position & ((1 << _OFFSET_BITS) - 1)


def readable(records: Sequence[Record]) -> Sequence[Record]:
    """Return the records without those that nobody can read."""
    if not any(isinstance(record, UnreadableRecord) for record in records):
        return records
    return [record for record in records if not isinstance(record, UnreadableRecord)]


def begins_file(record: Record) -> bool:
    """Tell whether a record is the first of a file."""
    return bool(record.headers) and record.headers[0][0] == FILE_START

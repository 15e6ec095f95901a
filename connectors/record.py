"""What a source delivers: one message, with the attributes that Kafka's clients give it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

FILE_START = "retaind.file"
"""Name of the header, always the first, of the first record of a file; its value is the path."""


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


def begins_file(record: Record) -> bool:
    """Tell whether a record is the first of a file."""
    return bool(record.headers) and record.headers[0][0] == FILE_START

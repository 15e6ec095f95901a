"""What a source delivers: one message, as Kafka's clients hand it over."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Record(Protocol):
    """The part of kafka-python's ``ConsumerRecord`` that the daemon reads; every source delivers this.

    ``timestamp`` is in milliseconds since the epoch, -1 where unknown. ``offset`` grows within a partition but
    may have holes (compaction, transaction markers).
    """

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> list[tuple[str, bytes]]: ...


class LocalRecord(NamedTuple):
    """A record of a source that is not Kafka."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]

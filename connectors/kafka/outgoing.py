"""A record on its way to a topic, which knows the event that it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connectors.record import Record

HEADER = "__retaind.source"

Headers = list[tuple[str, bytes]]


class SourcePosition(NamedTuple):
    """Where the event is that a record is about."""

    topic: str
    partition: int
    offset: int

    @classmethod
    def of(cls, record: Record) -> Self:
        """Return the position of an event."""
        return cls(record.topic, record.partition, record.offset)


class Origin(NamedTuple):
    """What the header ``__retaind.source`` says: who has written a record, and about which event."""

    writer: str
    """Stays the same as long as the state does."""
    process: str
    """Another one for each process."""
    position: SourcePosition

    def encode(self) -> bytes:
        """Return the header's value.

        >>> Origin("w", "p", SourcePosition("plant", 3, 7)).encode()
        b'w/p/plant/3/7'
        """
        topic, partition, offset = self.position
        return f"{self.writer}/{self.process}/{topic}/{partition}/{offset}".encode()

    @classmethod
    def found_in(cls, headers: Sequence[tuple[str, bytes | None]]) -> Origin | None:
        """Return what a record's headers say; None where they do not.

        >>> Origin.found_in([(HEADER, b"w/p/a/b/3/7")])
        Origin(writer='w', process='p', position=SourcePosition(topic='a/b', partition=3, offset=7))
        """
        value = next((value for name, value in headers if name == HEADER), None)
        try:
            writer, process, rest = (value or b"").decode().split("/", maxsplit=2)
            topic, partition, offset = rest.rsplit("/", maxsplit=2)
            return cls(writer, process, SourcePosition(topic, int(partition), int(offset)))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to be written, without the header of its origin."""

    position: SourcePosition
    key: bytes | None
    value: bytes | None
    headers: Headers
    smaller: Callable[[], Outgoing] | None = None
    """Returns what to write in its place where it is too large; None: there is nothing."""

    @property
    def size(self) -> int:
        """The bytes of key, value and headers."""
        return len(self.key or b"") + len(self.value or b"") + sum(len(value) for _, value in self.headers)

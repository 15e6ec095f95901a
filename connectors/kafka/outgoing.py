"""A record on its way to a topic, which knows the event that it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

from connectors.record import event_index, size_of_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connectors.record import Record

HEADER = "__retaind.source"
_INDEX = "."
"""Between the offset of a message and the index of one of its events."""

Headers = list[tuple[str, bytes]]


class Place(NamedTuple):
    """Where an event is in its partition; places are in the order of the stream."""

    offset: int
    event: int = -1
    """Which of its message's events it is; -1 where it is the message."""

    def __str__(self) -> str:
        """Return it as the header has it.

        >>> str(Place(7)), str(Place(7, 2))
        ('7', '7.2')
        """
        return str(self.offset) if self.event < 0 else f"{self.offset}{_INDEX}{self.event}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Return what a header says; raise ``ValueError`` where it says no place."""
        offset, _, event = text.partition(_INDEX)
        return cls(int(offset), int(event)) if event else cls(int(offset))


class SourcePosition(NamedTuple):
    """Where the event is that a record is about."""

    topic: str
    partition: int
    place: Place

    @classmethod
    def of(cls, record: Record) -> Self:
        """Return the position of an event."""
        index = event_index(record)
        place = Place(record.offset) if index is None else Place(record.offset, index)
        return cls(record.topic, record.partition, place)


class Origin(NamedTuple):
    """What the header ``__retaind.source`` says: who has written a record, and about which event."""

    writer: str
    """Stays the same as long as the state does."""
    process: str
    """Another one for each process."""
    position: SourcePosition

    def encode(self) -> bytes:
        """Return the header's value.

        >>> Origin("w", "p", SourcePosition("plant", 3, Place(7, 2))).encode()
        b'w/p/plant/3/7.2'
        """
        topic, partition, place = self.position
        return f"{self.writer}/{self.process}/{topic}/{partition}/{place}".encode()

    @classmethod
    def found_in(cls, headers: Sequence[tuple[str, bytes | None]]) -> Origin | None:
        """Return what a record's headers say; None where they do not.

        >>> Origin.found_in([(HEADER, b"w/p/a/b/3/7")]).position
        SourcePosition(topic='a/b', partition=3, place=Place(offset=7, event=-1))
        """
        value = next((value for name, value in headers if name == HEADER), None)
        try:
            writer, process, rest = (value or b"").decode().split("/", maxsplit=2)
            topic, partition, place = rest.rsplit("/", maxsplit=2)
            return cls(writer, process, SourcePosition(topic, int(partition), Place.read(place)))
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
        return len(self.key or b"") + len(self.value or b"") + size_of_headers(self.headers)

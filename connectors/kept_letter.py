"""A dead letter as it is read back: the event that could not be learned from, and why it could not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from connectors.record import LocalRecord, Record

ONE_EVENT = "__retaind.event"
"""Header of a message of several events of which only one is to be read; its value is which, from 0."""
PUT_BACK = "__retaind.put_back"
"""Header of a record that was put back into the stream; its value is where its event was first."""

_MOST_DIGITS = 9


class EventId(NamedTuple):
    """What tells an event from all others of the stream."""

    topic: str
    partition: int
    offset: int
    within: int
    """Which of its message's events it is; -1 where it is the message."""
    timestamp: int
    """The record's own: a topic that was made anew has the same offsets again."""

    def __str__(self) -> str:
        """Return it as people write it.

        >>> str(EventId("plant", 0, 17, -1, 5)), str(EventId("plant", 0, 17, 2, 5))
        ('plant/0/17', 'plant/0/17.2')
        """
        return f"{self.topic}/{self.partition}/{self.offset}" + ("" if self.within < 0 else f".{self.within}")


@dataclass(frozen=True, slots=True)
class KeptLetter:
    """One dead letter."""

    record: LocalRecord
    """The message that the event came in: key, value and headers as they were."""
    index: int
    """Which of the message's events it is about; -1 where the message is the event."""
    stage: str
    reason: str
    message: str
    rejected_at: float
    """Unix time."""
    place: str
    """Where it lies: a topic's partition and offset, or a file and its line."""
    altered: str = ""
    """What the letter lacks of the message, in words; empty where it is whole."""
    lies_at: tuple[int, int] | None = None
    """The partition and offset of a letter in a topic; None in a file."""

    @property
    def event(self) -> EventId:
        """What tells its event from all others."""
        record = self.record
        return EventId(record.topic, record.partition, record.offset, self.index, record.timestamp)

    @property
    def why(self) -> str:
        """The reason and the stage, as metrics name them."""
        return f"{self.reason} at {self.stage}"

    @property
    def partition(self) -> str:
        """Topic and partition of its event."""
        return f"{self.record.topic}/{self.record.partition}"

    def put_back(self) -> LocalRecord:
        """Return the message as it goes into the stream again; of several events only this one is then read."""
        headers = [*self.record.headers, (PUT_BACK, str(self.event).encode())]
        if self.index >= 0:
            headers.append((ONE_EVENT, str(self.index).encode()))
        return self.record._replace(headers=headers)


class UnreadableLetterError(ValueError):
    """What lies among the dead letters and is none that retaind has written; the message says where."""


def only_event(record: Record) -> int | None:
    """Return which of a message's events alone is to be read; None where all are.

    >>> from connectors.record import LocalRecord
    >>> only_event(LocalRecord("t", 0, 7, -1, None, b"", [("__retaind.event", b"2")]))
    2
    """
    told = next((value for name, value in reversed(record.headers) if name == ONE_EVENT), None)
    return int(told) if told and told.isdigit() and len(told) <= _MOST_DIGITS else None

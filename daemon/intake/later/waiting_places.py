"""Where the events stand that wait for their labels, so that it can be said of which no label has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from connectors.record import EventRecord, LocalRecord, event_index
from daemon.intake.packed_texts import packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from connectors.record import Record

_LONGEST_KEY_BYTES = 64 * 1024
"""Of a longer one nothing is published either."""
_WHOLE = -1


class WaitingPlaces:
    """Knows the records of events that wait, by number and without what is in them, and which have expired.

    That one has expired is told with the first event that comes then: by its number, the same however events are
    grouped.

    >>> places = WaitingPlaces()
    >>> places.put(7, [LocalRecord("plant", 0, offset, -1, b"m1", b"{}", []) for offset in (70, 71)])
    >>> places.expire([(7, 9)])
    >>> [record.offset for record in places.take(8)], [record.offset for record in places.take(9)]
    ([], [70])
    """

    def __init__(self) -> None:
        self._waiting: dict[int, Record] = {}
        self._expired: list[tuple[int, Record]] = []
        """The number of the event that each is told with, and what has expired."""

    def put(self, first: int, records: Sequence[Record]) -> None:
        """Add events, the first of which has this number."""
        for number, record in enumerate(records, start=first):
            self._waiting[number] = _bare(record)

    def expire(self, expired: Iterable[tuple[int, int]]) -> None:
        """Let events be told of as expired: the number of each, and of the event that it is told with."""
        self._expired += [(at, self._waiting.pop(number)) for number, at in expired if number in self._waiting]

    def forget(self, numbers: Iterable[int]) -> None:
        """Let events wait no longer."""
        for number in numbers:
            self._waiting.pop(number, None)

    def forget_keys(self, keys: Collection[bytes]) -> None:
        """Let nothing be told of events of these keys, or wait for it."""
        self._waiting = {number: record for number, record in self._waiting.items() if record.key not in keys}
        self._expired = [(at, record) for at, record in self._expired if record.key not in keys]

    def take(self, number: int) -> list[Record]:
        """Return what is to be told with an event, in the order in which it expired."""
        told = [record for at, record in self._expired if at == number]
        if told:
            self._expired = [each for each in self._expired if each[0] != number]
        return told

    def state_dict(self) -> dict[str, Any]:
        """Return who waits, and what is still to be told."""
        told = {"numbers": np.array([at for at, _ in self._expired], dtype=np.int64)}
        return {
            "waiting": {
                "numbers": np.array(list(self._waiting), dtype=np.int64),
                **_columns(list(self._waiting.values())),
            },
            "expired": told | _columns([record for _, record in self._expired]),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; nothing of an empty one."""
        if state:
            waiting, expired = state["waiting"], state["expired"]
            self._waiting = dict(zip(np.asarray(waiting["numbers"]).tolist(), _records(waiting), strict=True))
            self._expired = list(zip(np.asarray(expired["numbers"]).tolist(), _records(expired), strict=True))


def _bare(record: Record) -> Record:
    """Return a record without what is in it."""
    key = record.key if record.key is not None and len(record.key) <= _LONGEST_KEY_BYTES else None
    return _record(record.topic, record.partition, record.offset, event_index(record), key)


def _record(topic: str, partition: int, offset: int, index: int | None, key: bytes | None) -> Record:
    whole = LocalRecord(topic, partition, offset, -1, key, None, [])
    return whole if index is None else EventRecord.of(whole, index)


def _columns(records: Sequence[Record]) -> dict[str, Any]:
    indexes = [event_index(record) for record in records]
    places = [
        [record.partition, record.offset, _WHOLE if index is None else index]
        for record, index in zip(records, indexes, strict=True)
    ]
    return {
        "topics": packed([record.topic.encode(errors="surrogateescape") for record in records]),
        "keys": packed([record.key for record in records]),
        "places": np.array(places, dtype=np.int64).reshape(-1, 3),
    }


def _records(columns: Mapping[str, Any]) -> list[Record]:
    rows = zip(
        unpacked(columns["topics"]), unpacked(columns["keys"]), np.asarray(columns["places"]).tolist(), strict=True
    )
    return [
        _record(
            (topic or b"").decode(errors="surrogateescape"),
            partition,
            offset,
            None if index == _WHOLE else index,
            key,
        )
        for topic, key, (partition, offset, index) in rows
    ]

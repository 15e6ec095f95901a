"""The first events of a stream, which are looked at together before any of them is decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from connectors.record import LocalRecord, UnreadableRecord, size_of
from connectors.records_of_keys import tells_of
from daemon.intake.packed_texts import packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.record import Record
    from strategies.row_holder import Gone

_MOST_BYTES = 16 << 20
"""Of keys, values and headers that are held: fewer events are looked at where they are large."""


class FirstEvents:
    """Holds events back until there are ``count``; they are part of the state, so that none is lost.

    >>> first = FirstEvents(2)
    >>> records = [LocalRecord("t", 0, n, -1, None, b"{}", []) for n in range(3)]
    >>> first.hold(records[:1]), len(first), first.full
    ([], 1, False)
    >>> [record.offset for record in first.hold(records[1:])], first.full
    ([2], True)
    """

    def __init__(self, count: int) -> None:
        assert count >= 1
        self._count = count
        self._held: list[Record] = []
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._held)

    @property
    def records(self) -> Sequence[Record]:
        """What is held back."""
        return tuple(self._held)

    @property
    def full(self) -> bool:
        """Whether there are as many as are to be looked at."""
        return len(self._held) >= self._count or self._bytes >= _MOST_BYTES

    def hold(self, records: Sequence[Record]) -> Sequence[Record]:
        """Hold back as many records as are still needed; return the others."""
        for taken, record in enumerate(records):
            if self.full:
                return records[taken:]
            self._held.append(record)
            self._bytes += size_of(record)
        return []

    def take(self) -> list[Record]:
        """Return what was held back, and hold nothing."""
        held, self._held, self._bytes = self._held, [], 0
        return held

    def forget(self, gone: Gone) -> int:
        """Let records of keys go, which are not decoded yet: see ``tells_of``; return how many."""
        held, is_of = self.take(), tells_of(gone.keys)
        for record in held:
            if not is_of(record.key, record.value):
                self._held.append(record)
                self._bytes += size_of(record)
        return len(held) - len(self._held)

    def state_dict(self) -> dict[str, Any]:
        """Return the records that are held."""
        held = self._held
        if not held:
            return {}
        headers = [header for record in held for header in record.headers]
        return {
            "topics": [record.topic for record in held],
            "places": np.array([[each.partition, each.offset, each.timestamp] for each in held], dtype=np.int64),
            "keys": packed([record.key for record in held]),
            "values": packed([record.value for record in held]),
            "problems": [record.problem if isinstance(record, UnreadableRecord) else None for record in held],
            "headers": {
                "counts": [len(record.headers) for record in held],
                "names": [name for name, _ in headers],
                "values": packed([value for _, value in headers]),
            },
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up records that were held."""
        self.take()
        if not state:
            return
        headers = state["headers"]
        pairs = iter(list(zip(headers["names"], unpacked(headers["values"]), strict=True)))
        columns = zip(
            state["topics"],
            np.asarray(state["places"]).tolist(),
            unpacked(state["keys"]),
            unpacked(state["values"]),
            state["problems"],
            headers["counts"],
            strict=True,
        )
        for topic, (partition, offset, timestamp), key, value, problem, count in columns:
            own: list[Any] = [next(pairs) for _ in range(count)]
            if problem is None:
                self._held.append(LocalRecord(topic, partition, offset, timestamp, key, value, own))
            else:
                self._held.append(UnreadableRecord(topic, partition, offset, value, problem, timestamp, key, own))
            self._bytes += size_of(self._held[-1])

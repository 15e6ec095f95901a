"""A list as a source, so that tests can state crashes and restarts as data."""

from __future__ import annotations

import time
from enum import Enum
from itertools import cycle
from typing import TYPE_CHECKING, Any

from connectors.source import PartitionStatus, SourceStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.record import LocalRecord, Record


class Sentinel(Enum):
    """What may stand between the records of a ``MemorySource``."""

    END = "end"
    CRASH = "crash"


END = Sentinel.END
"""The source is exhausted when it gets here; opened again, it continues behind."""
CRASH = Sentinel.CRASH
"""The first time the source gets here, ``poll`` raises ``SimulatedCrash``."""


class SimulatedCrash(BaseException):  # it stands for SIGKILL: not an error to catch, so no Exception
    """The process died here; nothing between the last checkpoint and this instant survives."""


class MemorySource:
    """Delivers the records of a list, in the list's order, whatever their topics and partitions.

    The object stands for the log, which outlives processes: after a crash, ``open`` the same object with the newest
    snapshot, and the sentinels that were reached are passed. Without END it is never exhausted: it waits for ever,
    like Kafka. ``poll_sizes`` bounds the polls in turn, to group the same records differently.

    >>> from connectors.record import LocalRecord
    >>> a, b = (LocalRecord("t", 0, n, -1, None, b"", []) for n in range(2))
    >>> source = MemorySource([a, CRASH, b, END])
    >>> source.open(None)
    >>> source.poll(10, 0.0) == [a]
    True
    >>> saved = source.snapshot()
    >>> try:
    ...     source.poll(10, 0.0)
    ... except SimulatedCrash:
    ...     source.open(saved)
    >>> source.poll(10, 0.0) == [b], source.exhausted
    (True, True)
    """

    def __init__(
        self,
        items: Sequence[LocalRecord | Sentinel],
        *,
        poll_sizes: Sequence[int] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        assert all(size >= 0 for size in poll_sizes)
        self._items = items
        self._poll_sizes = cycle(poll_sizes) if poll_sizes else None
        self._clock = clock
        self._at = 0
        self._opened = False
        self._passed: set[int] = set()
        self._last_progress = clock()
        self.committed: list[Mapping[str, Any]] = []
        """The snapshots that were committed, oldest first."""

    def open(self, snapshot: Mapping[str, Any] | None) -> None:
        """Go to the snapshot's position, or to the start."""
        if self._opened and self.exhausted:
            self._passed.add(self._at)
        self._opened = True
        self._at = 0 if snapshot is None else snapshot["at"]
        self._last_progress = self._clock()

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[LocalRecord]:
        """Return up to ``max_records`` records, at once; raise ``SimulatedCrash`` where one is due."""
        limit = max_records if self._poll_sizes is None else min(max_records, next(self._poll_sizes))
        records: list[LocalRecord] = []
        while len(records) < limit and self._at < len(self._items):
            item = self._items[self._at]
            if not isinstance(item, Sentinel):
                records.append(item)
            elif self._at not in self._passed and not self._pass(item, records):
                break
            self._at += 1
        if records:
            self._last_progress = self._clock()
        return records

    def _pass(self, sentinel: Sentinel, records: list[LocalRecord]) -> bool:
        if sentinel is CRASH and not records:
            self._passed.add(self._at)
            raise SimulatedCrash
        return False

    def snapshot(self) -> dict[str, Any]:
        """Return the position in the list."""
        return {"at": self._at}

    def why_not_back_to(self, snapshot: Mapping[str, Any]) -> str:
        """Return nothing: the list is there."""
        assert "at" in snapshot
        return ""

    def why_not_all_before(self, snapshot: Mapping[str, Any]) -> str:
        """Return nothing: the list is there from its start."""
        assert "at" in snapshot
        return ""

    def lies_before(self, snapshot: Mapping[str, Any]) -> Callable[[Record], bool]:
        """Return what tells whether a record of the list is before the snapshot's position."""
        before = {id(item) for item in self._items[: snapshot["at"]]}
        return lambda record: id(record) in before

    def has_passed(self, snapshot: Mapping[str, Any]) -> bool:
        """Tell whether the list was read up to the snapshot's position."""
        return bool(self._at >= snapshot["at"])

    def commit(self, snapshot: Mapping[str, Any]) -> bool:
        """Note the snapshot in ``committed``."""
        self.committed.append(dict(snapshot))
        return True

    def status(self) -> SourceStatus:
        """Return the position in the list as that of one partition."""
        partition = PartitionStatus("memory", 0, self._at, len(self._items), self._last_progress)
        return SourceStatus(ready=True, reason="", partitions=(partition,))

    @property
    def exhausted(self) -> bool:
        """Whether END was reached."""
        return self._at < len(self._items) and self._items[self._at] is END and self._at not in self._passed

    def close(self) -> None:
        """Nothing to release."""

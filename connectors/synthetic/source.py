"""Base of the simulated sources: events are computed from their offset, so reading can resume at any."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from connectors.one_offset import OneOffset
from connectors.rate_limit import RateLimit
from connectors.record import LocalRecord
from connectors.source import PartitionStatus, SourceStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from connectors.synthetic.options import SyntheticOptions

BLOCK = 1_024  # events that are computed together
EPOCH_SECONDS = 1_767_225_600  # 2026-01-01T00:00:00Z: event n happens n seconds later, whenever it is replayed


class SyntheticSource(OneOffset, ABC):
    """Delivers events in blocks, whose values a subclass computes.

    Each block has its own generator, seeded by the seed and the block's number, so any offset can be reached
    without computing what lies before it.
    """

    def __init__(
        self,
        options: SyntheticOptions,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._synthetic = options
        self._clock = clock
        self._rate_limit = RateLimit(options.rate, monotonic=monotonic, sleep=sleep)
        self._offset = 0
        self._block: tuple[int, list[bytes]] = (-1, [])
        self._last_progress = clock()

    @abstractmethod
    def _values(self, offsets: NDArray[np.int64], generator: np.random.Generator) -> list[bytes]:
        """Return the payloads of the events at ``offsets`` ``(BLOCK,)``, drawn from ``generator``."""

    def open(self, snapshot: Mapping[str, Any] | None) -> None:
        """Go to the snapshot's offset, or to the start."""
        self._offset = 0 if snapshot is None else snapshot["offset"]
        self._last_progress = self._clock()

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[LocalRecord]:
        """Return up to ``max_records`` events, as the rate allows."""
        if self.exhausted:
            return []
        wanted = self._rate_limit.due(max_records, timeout_seconds)
        records: list[LocalRecord] = []
        while len(records) < wanted and not self.exhausted:
            records += self._from_block(wanted - len(records))
        if records:
            self._rate_limit.delivered(len(records))
            self._last_progress = self._clock()
        return records

    def _from_block(self, limit: int) -> list[LocalRecord]:
        number, start = divmod(self._offset, BLOCK)
        if self._block[0] != number:
            offsets = np.arange(number * BLOCK, (number + 1) * BLOCK)
            generator = np.random.Generator(np.random.PCG64([self._synthetic.seed, number]))
            self._block = (number, self._values(offsets, generator))
        left = limit if self._synthetic.events is None else min(limit, self._synthetic.events - self._offset)
        values = self._block[1][start : start + left]
        first = self._offset
        self._offset += len(values)
        topic = self._synthetic.type
        return [
            LocalRecord(topic, 0, first + n, (EPOCH_SECONDS + first + n) * 1_000, None, value, [])
            for n, value in enumerate(values)
        ]

    def snapshot(self) -> dict[str, Any]:
        """Return the next offset."""
        return {"offset": self._offset}

    def why_not_back_to(self, snapshot: Mapping[str, Any]) -> str:
        """Return nothing: any event can be computed again."""
        assert "offset" in snapshot
        return ""

    def why_not_all_before(self, snapshot: Mapping[str, Any]) -> str:
        """Return nothing: what was made is made again."""
        assert "offset" in snapshot
        return ""

    def commit(self, snapshot: Mapping[str, Any]) -> bool:
        """Nobody else reads this stream."""
        assert "offset" in snapshot
        return True

    def status(self) -> SourceStatus:
        """Return the position; always ready."""
        partition = PartitionStatus(
            self._synthetic.type, 0, self._offset, self._synthetic.events, self._last_progress
        )
        return SourceStatus(ready=True, reason="", partitions=(partition,))

    @property
    def exhausted(self) -> bool:
        """Whether the last event was delivered."""
        return self._synthetic.events is not None and self._offset >= self._synthetic.events

    def close(self) -> None:
        """Drop the computed block."""
        self._block = (-1, [])

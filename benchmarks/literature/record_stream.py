"""Events of the world in their own order, with nothing held out: the daemon's probe sets do that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.literature.protocol import Chunk, HeldOut, Stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connectors.record import LocalRecord

RECORDS_AT_ONCE = 512


class RecordStream(Stream):
    """The given records, once."""

    def __init__(self, records: Sequence[LocalRecord]) -> None:
        self._records = records
        self.events = len(records)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the records, a few hundred at a time; tasks end where the configuration says."""
        for start in range(0, len(self._records), RECORDS_AT_ONCE):
            yield Chunk(list(self._records[start : start + RECORDS_AT_ONCE]))

    def held_out(self, task: str, *, rows: int | None = None) -> HeldOut:
        """There is nothing, and no end of a task that would ask for it."""
        raise AssertionError(f"a stream of records holds nothing out of {task}")

"""Events of the world in their own order, without exams: the daemon's probe sets stand for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.literature.protocol import Exam, Part, Stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connectors.record import LocalRecord

RECORDS_AT_ONCE = 512


class RecordStream(Stream):
    """The given records, once."""

    def __init__(self, records: Sequence[LocalRecord]) -> None:
        self._records = records
        self.events = len(records)

    def parts(self) -> Iterator[Part]:
        """Yield the records, a few hundred at a time; tasks end where the configuration says."""
        for start in range(0, len(self._records), RECORDS_AT_ONCE):
            yield Part(list(self._records[start : start + RECORDS_AT_ONCE]))

    def exam(self, task: str, *, rows: int | None = None) -> Exam:
        """There is none, and no part that would ask for it."""
        raise AssertionError(f"a stream of records has no exam for {task}")

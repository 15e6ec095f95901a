"""What would come of the events ahead, found out with a copy of the model that is thrown away."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from connectors.printable import quoted
from connectors.source import SourceDataError, SourceUnavailableError
from daemon.skipping.first_good import WINDOW, first_good

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from connectors.decoder import Reject
    from connectors.record import Record
    from connectors.source import Source
    from daemon.learning.any_pipeline import AnyPipeline
    from daemon.learning.pipeline import Outcome

POLL_RECORDS = 2_000
IDLE_SECONDS = 1.0
_IDLE_POLLS = 10
"""So often nothing comes before the stream is taken to have ended."""
SAMPLES = 3


class Sample(NamedTuple):
    """A record that would be skipped."""

    offset: int
    reason: str
    """Why it would be rejected; empty where it would be learned."""
    value: str


class Skipped(NamedTuple):
    """What an operator gives up."""

    records: int
    good: int
    """Of which an event would have been learned."""
    reasons: Mapping[str, int]
    """How many would have been rejected, by reason and stage."""
    samples: Sequence[Sample]


class Look:
    """What was seen from a position on, in the order of the stream; a record takes nine bytes."""

    def __init__(self) -> None:
        self.ended = False
        self.offsets = array("q")
        self._codes = bytearray()
        self._reasons = [""]
        """By code: why a record would be rejected, "" where it would not."""
        self._first: list[str] = []

    def add(self, record: Record) -> None:
        """Note a record, as a good one."""
        self.offsets.append(record.offset)
        self._codes.append(0)
        if len(self._first) < SAMPLES:
            self._first.append(shown(record))

    def reject(self, offset: int, reason: str) -> None:
        """Note that a record would be rejected; one from before the look is nobody's business."""
        place = bisect_left(self.offsets, offset)
        if place < len(self.offsets) and self.offsets[place] == offset:
            if reason not in self._reasons:
                self._reasons.append(reason)
            self._codes[place] = self._reasons.index(reason)

    def bad(self, start: int, stop: int) -> NDArray[np.bool_]:
        """Return which of the records at these places would be rejected."""
        codes: NDArray[np.uint8] = np.frombuffer(bytes(self._codes[start:stop]), dtype=np.uint8)
        return codes.astype(np.bool_)

    def before(self, offset: int) -> Skipped:
        """Return what is before an offset."""
        count = bisect_left(self.offsets, offset)
        counts = Counter(self._codes[:count])
        samples = [
            Sample(self.offsets[place], self._reasons[self._codes[place]], value)
            for place, value in enumerate(self._first[:count])
        ]
        reasons = {self._reasons[code]: number for code, number in counts.most_common() if code}
        return Skipped(count, counts[0], reasons, samples)


class Scout:
    """Reads on from where a source was opened, and lets a pipeline learn what it can; nothing of it is kept."""

    def __init__(self, source: Source, pipeline: AnyPipeline) -> None:
        self._source = source
        self._pipeline = pipeline
        self.look = Look()

    def until_good(self, *, max_share: float) -> int | None:
        """Return the first offset from which the stream is good; None where there is none up to its end."""
        judged = 0
        while not self.look.ended:
            self._read_on()
            # What is held back is not judged yet.
            known = len(self.look.offsets) - self._pipeline.held
            at = first_good(self.look.bad(judged, known), max_share=max_share, ended=self.look.ended)
            if at is not None:
                return self.look.offsets[judged + at]
            judged = max(judged, known - WINDOW)
        return None

    def up_to(self, offset: int) -> None:
        """Read until an offset, or as far as there is anything to read; not far where that is behind the end."""
        while not self.look.ended and (not self.look.offsets or self.look.offsets[-1] < offset - 1):
            self._read_on()
            if self.is_behind_the_end(offset):
                return

    def is_behind_the_end(self, offset: int) -> bool:
        """Tell whether an offset is one that the stream does not have yet."""
        end = self.end
        return end is not None and offset > end

    def _read_on(self) -> None:
        records = self._poll()
        if records:
            self._note(records)
            self._judge(self._pipeline.process(records))
        else:
            self.look.ended = True
            self._judge(self._pipeline.release())

    def _poll(self) -> Sequence[Record]:
        for _ in range(_IDLE_POLLS):
            records = self._source.poll(POLL_RECORDS, IDLE_SECONDS)
            status = self._source.status()
            read = status.ready and status.partitions and all(part.lag == 0 for part in status.partitions)
            if records or self._source.exhausted or read:
                return records
        if not status.ready:
            # Where partitions are known a broker has answered, and what stands next in one of them is the trouble.
            raise (SourceDataError if status.partitions else SourceUnavailableError)(status.reason)
        return ()

    def _note(self, records: Sequence[Record]) -> None:
        for record in records:
            self.look.add(record)

    def _judge(self, outcome: Outcome) -> None:
        for reject in outcome.rejects:
            if not reject.expected:
                self.look.reject(reject.record.offset, reason(reject))

    @property
    def end(self) -> int | None:
        """One past the last offset that there is; None where nobody knows."""
        return next((part.end_offset for part in self._source.status().partitions), None)

    def close(self) -> None:
        """Close the source."""
        self._source.close()


def reason(reject: Reject) -> str:
    """Return why a record is rejected, as metrics name it."""
    return f"{reject.reason} at {reject.stage}"


def shown(record: Record) -> str:
    """Return the beginning of a record's value, as it may be shown."""
    return "null" if record.value is None else quoted(record.value[:1_000].decode(errors="backslashreplace"))

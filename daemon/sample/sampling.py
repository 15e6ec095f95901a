"""Some records of a stream, from its beginning and from all of what there is by now."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from connectors.record import begins_file
from daemon.intake.reference.records import records_up_to_now

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connectors.record import Record
    from connectors.source import Source

MOST_READ = 2_000_000
"""Records that are read of a stream that goes on."""
LONGEST_SECONDS = 20.0
"""For which they are read."""
WAIT_SECONDS = 5.0
"""For which nothing may come, before it is said that nothing comes."""

ALL_OF_IT: dict[str, dict[str, Any]] = {
    "file": {"rate": None, "loop": False},
    "kafka": {"mode": "assign", "group": None, "group_instance_id": None, "start": "earliest"},
}
"""By type of source: options under which it is read from its start, and nobody else notices."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Records in the stream's order."""

    records: tuple[Record, ...]
    read: int
    """Of how many records they are."""
    complete: bool
    """Whether these were all that there are by now."""
    files: int = 0
    """How many files begin among all of them."""
    headers: int = 0
    """How many of all are lines of names."""

    def with_headers(self, *, first_lines: bool) -> Sample:
        """Return the same, where the first line of each file is one of names, or not."""
        return replace(self, headers=self.files if first_lines else 0)

    @property
    def whole(self) -> bool:
        """Whether nothing of the stream is missing here."""
        return self.complete and self.read == len(self.records)

    def __str__(self) -> str:
        read = self.read - self.headers
        if self.whole:
            return f"all {read:,} records"
        of = f"the {read:,} there are" if self.complete else f"the first {read:,}"
        return f"{len(self.records):,} records out of {of}"


def to_look_at(options: Any) -> Any:
    """Return a source's options, changed so that looking disturbs nobody and sees its beginning."""
    changes = {name: value for name, value in ALL_OF_IT.get(options.type, {}).items() if hasattr(options, name)}
    return options.model_copy(update=changes)


def take_sample(
    source: Source,
    *,
    rows: int,
    most: int = MOST_READ,
    wait_seconds: float = WAIT_SECONDS,
    monotonic: Callable[[], float] = time.monotonic,
) -> Sample:
    """Read a source and return at most ``rows`` records: the first of them as they come, the rest from everywhere.

    A fifth are the first; the others are a uniform sample of what follows (Algorithm R, Vitter 1985), seeded, so
    that a rare class late in a file has its chance. Of a stream that goes on, ``most`` records are read. Raises
    ``SourceDataError``, and ``SourceUnavailableError`` where nothing comes for ``wait_seconds``.
    """
    first: list[Record] = []
    kept: list[tuple[int, Record]] = []
    draw = np.random.default_rng(0)
    read, files, ended = 0, 0, True
    until = monotonic() + LONGEST_SECONDS
    with closing(records_up_to_now(source, most=most, wait_seconds=wait_seconds, section="")) as groups:
        for records in groups:
            beginning = records[: max(0, rows // 5 - len(first))]
            first.extend(beginning)
            seen = read + len(beginning) - len(first)
            _offer(records[len(beginning) :], kept, room=rows - rows // 5, seen=seen, draw=draw)
            read += len(records)
            files += sum(map(begins_file, records))
            if read >= most or monotonic() > until:
                ended = False
                break
    kept.sort(key=lambda pair: pair[0])
    return Sample((*first, *(record for _, record in kept)), read=read, complete=ended, files=files)


def _offer(
    records: Sequence[Record],
    kept: list[tuple[int, Record]],
    *,
    room: int,
    seen: int,
    draw: np.random.Generator,
) -> None:
    """Let each of ``records``, ``seen`` of whose kind came before, take a place among the ``kept``, or none."""
    numbers = np.arange(seen, seen + len(records))
    places = draw.integers(0, numbers + 1) if len(records) else numbers
    for number, place, record in zip(numbers.tolist(), places.tolist(), records, strict=True):
        if len(kept) < room:
            kept.append((number, record))
        elif place < room:
            kept[place] = (number, record)

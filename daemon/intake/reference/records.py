"""The records of a source up to its present end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from connectors.source import SourceDataError, SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from connectors.record import Record
    from connectors.source import Source

# What is decoded at once; a poll's worth of events would not fit the processor's cache.
_AT_ONCE = 512
_POLL_SECONDS = 0.2


def records_up_to_now(
    source: Source,
    *,
    most: int,
    wait_seconds: float,
    section: str = "reference",
    monotonic: Callable[[], float] = time.monotonic,
) -> Generator[Sequence[Record]]:
    """Open a source and yield its records, some at a time, at most so many in all; it is closed in the end.

    A file ends; a topic ends where all partitions were read up to the end that their logs have by then. Raises
    ``SourceUnavailableError`` where nothing comes for ``wait_seconds`` before that end, and ``SourceDataError``;
    what they say begins with the ``section`` of the configuration.
    """
    at = f"{section}." if section else ""
    try:
        source.open(None)
        left, waiting_since = most, monotonic()
        while left and not source.exhausted:
            records = source.poll(min(left, _AT_ONCE), _POLL_SECONDS)
            if records:
                left, waiting_since = left - len(records), monotonic()
                yield records
            elif _at_its_end(source):
                return
            elif monotonic() - waiting_since >= wait_seconds:
                reason = source.status().reason or "it has more, but nothing comes"
                raise SourceUnavailableError(f"{at}source: {reason}, for {wait_seconds:.0f} s")
    except SourceDataError as error:
        raise SourceDataError(f"{section}: {error}" if section else str(error)) from error
    finally:
        source.close()


def _at_its_end(source: Source) -> bool:
    status = source.status()
    return (
        status.ready
        and bool(status.partitions)
        and all(each.end_offset is not None and each.position >= each.end_offset for each in status.partitions)
    )

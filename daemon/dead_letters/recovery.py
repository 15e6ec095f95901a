"""What a replay that was killed has left: whether its last batch is in the stream."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from connectors.files.put_back import FilePutBack
from connectors.put_back import PutBackError
from daemon.dead_letters.replay import settle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from connectors.put_back import PutBack
    from daemon.dead_letters.journal import Journal

_KEPT_SECONDS = 24 * 3_600.0
"""Brokers keep the offsets of a group that nobody is in for days: offsets.retention.minutes, seven by default."""


def finish_file(directory: Path, journal: Journal, *, clock: Callable[[], float] = time.time) -> str:
    """Finish a file that a killed replay has begun; return its path, empty where there is none to finish."""
    batch = journal.open_batch
    if batch is None or not batch.to:
        return ""
    FilePutBack.finish(batch.to)
    settle(directory, journal, batch, is_in=True, at=clock())
    return batch.to


def recover(directory: Path, journal: Journal, target: PutBack, *, clock: Callable[[], float] = time.time) -> None:
    """Find out what became of the last batch, and that nobody else has put letters back.

    Raises ``PutBackError`` where that cannot be told, and nothing is to be put back.
    """
    batch, newest = journal.open_batch, target.newest_mark()
    if newest and newest not in {journal.mark(journal.number), journal.mark(0 if batch is None else batch.number)}:
        raise PutBackError(
            f"the brokers say that batch {newest} was the last one to be put back, and the journal of this state"
            f" knows {journal.number}, as {journal.id}: the state is another one, or an older copy. Restore its"
            " put_back.jsonl; or, to go on without it and put back once more what was put back since, delete that"
            " consumer group"
        )
    if batch is None:
        return
    if not newest and clock() - batch.at > _KEPT_SECONDS:
        raise PutBackError(
            f"a batch was begun {clock() - batch.at:.0f} s ago and the brokers know nothing of it any more: look in"
            f" the topics for {batch.events[0]} in a header __retaind.put_back, and add a line to put_back.jsonl:"
            f' {{"done": {batch.number}}} or {{"dropped": {batch.number}}}'
        )
    settle(directory, journal, batch, is_in=newest == journal.mark(batch.number), at=clock())

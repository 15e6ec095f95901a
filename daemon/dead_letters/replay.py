"""Puts dead letters back into the stream, each event at most once, and says what became of the others."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.dead_letters.verdict import DONE
from daemon.state.audit_log import AuditLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from connectors.kept_letter import EventId, KeptLetter
    from connectors.put_back import PutBack
    from daemon.config.schema import Config
    from daemon.dead_letters.journal import Batch, Journal
    from daemon.dead_letters.verdict import Judge, Verdict


@dataclass(slots=True)
class Outcome:
    """What a replay has done, or would do."""

    put_back: int = 0
    by_partition: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    """Letters that are not put back, by why."""
    samples: dict[str, tuple[EventId, str]] = field(default_factory=dict)
    """Of each such reason, one letter's event and what more is known of it."""

    @property
    def done_before(self) -> int:
        """Letters that an earlier replay has put back."""
        return self.left[DONE]

    def add(self, verdict: Verdict) -> None:
        """Count a letter."""
        if verdict.why_not:
            self.left[verdict.why_not] += 1
            self.samples.setdefault(verdict.why_not, (verdict.letter.event, verdict.message))
        else:
            self.put_back += 1
            self.by_partition[verdict.letter.partition] += 1


def rehearse(judge: Judge, letters: Iterable[KeptLetter]) -> Outcome:
    """Return what a replay would do, and do nothing."""
    outcome = Outcome()
    for verdicts in judge.verdicts(letters):
        for verdict in verdicts:
            outcome.add(verdict)
    return outcome


class Replay:
    """Carries verdicts out in batches: the journal knows of each before and after it is in the stream."""

    def __init__(
        self,
        config: Config,
        *,
        journal: Journal,
        target: PutBack,
        sees_all: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``sees_all``: whether it is given all letters, and so knows before where nothing is left."""
        self._directory = Path(config.checkpoint.directory)
        self._journal = journal
        self._target = target
        self._sees_all = sees_all
        self._clock = clock
        self._waiting: list[KeptLetter] = []
        self._positions = Positions()

    def run(self, judge: Judge, letters: Iterable[KeptLetter]) -> Outcome:
        """Put back what can be learned now. It may be killed at any time, and run again."""
        outcome = Outcome()
        for verdicts in judge.verdicts(letters):
            for verdict in verdicts:
                outcome.add(verdict)
                self._positions.note(verdict)
                if not verdict.why_not:
                    self._waiting.append(verdict.letter)
                if len(self._waiting) >= self._target.most:
                    self._put()
        if self._waiting:
            self._put()
        return outcome

    def _put(self) -> None:
        letters, self._waiting = self._waiting, []
        self._target.prepare(letters)
        batch = self._journal.begin([letter.event for letter in letters], to=self._target.to)
        self._target.put(
            letters,
            mark=self._journal.mark(batch.number),
            positions=self._positions.now() if self._sees_all else {},
        )
        settle(self._directory, self._journal, batch, is_in=True, at=self._clock())


class Positions:
    """Before which offset of each partition of a topic of letters nothing is left to be put back."""

    def __init__(self) -> None:
        self._first_open: dict[int, int] = {}
        self._after: dict[int, int] = {}

    def note(self, verdict: Verdict) -> None:
        """Take note of a letter, in the order of its partition."""
        if verdict.letter.lies_at is None:
            return
        partition, offset = verdict.letter.lies_at
        self._after[partition] = offset + 1
        if verdict.why_not and not verdict.settled:
            self._first_open.setdefault(partition, offset)

    def now(self) -> dict[int, int]:
        """Return them as of the letters that were noted."""
        return self._after | self._first_open


def settle(directory: Path, journal: Journal, batch: Batch, *, is_in: bool, at: float) -> None:
    """Write down what became of a batch; where it is in the stream, in the audit log too."""
    if is_in:
        partitions = Counter(f"{event.topic}/{event.partition}" for event in batch.events)
        told = {"at": at, "what": "replay", "batch": journal.mark(batch.number), "to": batch.to or None}
        AuditLog(directory).append(told | {"events": dict(sorted(partitions.items()))})
    journal.end(batch, is_in=is_in)

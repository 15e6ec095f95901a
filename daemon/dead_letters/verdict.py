"""What is to become of each dead letter, and why."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from connectors.kept_letter import EventId, KeptLetter
    from connectors.put_back import PutBack
    from daemon.config.schema import Config
    from daemon.dead_letters.erased_keys import ErasedKeys
    from daemon.dead_letters.trial import Trial

DONE = "was put back already"
TOGETHER = 500
"""Letters that are judged together."""
_UNREADABLE = "read"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one letter: it is put back where ``why_not`` is empty."""

    letter: KeptLetter
    why_not: str
    """In a few words, the same for letters of one kind."""
    message: str = ""
    """More, of this letter alone."""
    settled: bool = False
    """Whether nothing is left to be done about it."""


class Judge:
    """Judges letters; the same event twice only once, since a rollback may have rejected it twice."""

    def __init__(
        self, config: Config, *, trial: Trial, target: PutBack, erased: ErasedKeys, done: AbstractSet[EventId]
    ) -> None:
        self._explodes = getattr(config.decoder, "explode", None) is not None
        self._trial = trial
        self._target = target
        self._erased = erased
        self._done = done
        self._seen: set[EventId] = set()

    def verdicts(self, letters: Iterable[KeptLetter]) -> Iterator[list[Verdict]]:
        """Yield them in the order of the letters, some at once."""
        iterator = iter(letters)
        while some := list(islice(iterator, TOGETHER)):
            yield self._together(some)

    def _together(self, letters: list[KeptLetter]) -> list[Verdict]:
        found = {place: verdict for place, each in enumerate(letters) if (verdict := self._alone(each)) is not None}
        open_letters = [each for place, each in enumerate(letters) if place not in found]
        judged = iter(self._tried(open_letters) if open_letters else ())
        return [found[place] if place in found else next(judged) for place in range(len(letters))]

    def _alone(self, letter: KeptLetter) -> Verdict | None:
        """Return the verdict on a letter that need not be decoded."""
        event = letter.event
        if event in self._done or event in self._seen:
            return Verdict(letter, DONE, settled=True)
        self._seen.add(event)
        if letter.stage == _UNREADABLE:
            return Verdict(letter, "bytes of the log that nobody can read", settled=True)
        if letter.altered:
            return Verdict(letter, "the letter is not whole: take the event from its topic", letter.altered)
        if letter.index >= 0 and not self._explodes:
            return Verdict(letter, "one event of a message of several, and decoder.explode is not set")
        why = self._target.refuses(letter)
        return Verdict(letter, why) if why else None

    def _tried(self, letters: list[KeptLetter]) -> Iterator[Verdict]:
        keys = self._trial.keys(letters) if self._erased else [None] * len(letters)
        kept = [not self._erased.has(each, decoded=key) for each, key in zip(letters, keys, strict=True)]
        faults = iter(self._trial.faults([each for each, keep in zip(letters, kept, strict=True) if keep]))
        for letter, keep in zip(letters, kept, strict=True):
            if not keep:
                yield Verdict(letter, "of a key that was erased", settled=True)
                continue
            fault = next(faults)
            if fault is None:
                yield Verdict(letter, "")
            else:
                yield Verdict(letter, f"still rejected: {fault.reason} at {fault.stage}", fault.message)

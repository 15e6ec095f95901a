"""Which fields of the first events become features, which do not, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Kind = Literal["number", "number as text", "text", "list", "null"]

NULL = "null or empty in all of the first events"
TEXT = "text"
NUMBERS_AS_TEXT = "numbers written as text; list it in decoder.features, or set decoder.numbers: text"
NO_NUMBERS = frozenset({NULL, TEXT})
"""Reasons that no longer hold when numbers come."""
USUAL_SHARE = 0.9
"""A field that is a number in at least this share of the events that have it is one, and others are broken."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What was decided."""

    taken: tuple[str, ...]
    left: Mapping[str, str]
    """Why each of the other fields is no feature."""


@dataclass(slots=True)
class FieldSurvey:
    """Counts what each field of some events holds.

    >>> survey = FieldSurvey(texts_count=False)
    >>> survey.add([("hum", "number"), ("state", "text")])
    >>> survey.add([("temp", "number"), ("hum", "number"), ("state", "text")])
    >>> survey.decide(gaps_are_filled=True, named=()).taken
    ('temp', 'hum')
    """

    texts_count: bool
    """Whether numbers that are written as text are numbers."""
    events: int = 0
    _kinds: dict[str, Counter[Kind]] = field(default_factory=dict)
    _order: list[str] = field(default_factory=list)
    _most: int = 0
    _first: frozenset[str] = frozenset()
    """Names of the numbers of the first event that has any."""

    def add(self, fields: Iterable[tuple[str, Kind]]) -> None:
        """Count one event: the names of its fields and what each holds."""
        self.events += 1
        found = dict(fields)
        for name, kind in found.items():
            self._kinds.setdefault(name, Counter())[kind] += 1
        numbers = frozenset(name for name, kind in found.items() if self._counts(kind))
        if len(numbers) > self._most:
            self._order, self._most = list(found), len(numbers)
        self._first = self._first or numbers

    def decide(self, *, gaps_are_filled: bool, named: Iterable[str]) -> Survey:
        """Return which fields are features, in the order of the event that has most of them.

        Where gaps are not filled, an event that lacks a feature is rejected: then a field has to be in nearly all
        events. Where none is, events are of several kinds, and the fields of the first one are taken.
        """
        # Sets are made once: one event may have a hundred thousand fields.
        apart = frozenset(named)
        numeric = [name for name in self._names() if name not in apart and self._is_number(name)]
        usual = [name for name in numeric if self._numbers(name) >= USUAL_SHARE * self.events]
        if gaps_are_filled:
            usual = numeric
        taken = tuple(usual or (name for name in numeric if name in self._first))
        settled = apart.union(taken)
        others = (name for name in self._names() if name not in settled)
        return Survey(taken, {name: self._why_not(name) for name in others})

    def _names(self) -> list[str]:
        return list(dict.fromkeys([*self._order, *self._kinds]))

    def _numbers(self, name: str) -> int:
        return sum(count for kind, count in self._kinds[name].items() if self._counts(kind))

    def _counts(self, kind: Kind) -> bool:
        return kind == "number" or (self.texts_count and kind == "number as text")

    def _is_number(self, name: str) -> bool:
        kinds = self._kinds[name]
        return 0 < self._numbers(name) >= USUAL_SHARE * (kinds.total() - kinds["null"])

    def _why_not(self, name: str) -> str:
        kinds, numbers = self._kinds[name], self._numbers(name)
        valued = kinds.total() - kinds["null"]
        if self._is_number(name):
            gaps = self.events - numbers
            return f"absent in {gaps} of the first {self.events} events, which missing: reject would reject"
        if numbers:
            return f"a number in only {numbers} of {valued} events"
        if not valued:
            return NULL
        if kinds["number as text"] >= USUAL_SHARE * valued:
            return NUMBERS_AS_TEXT
        return f"a list; name elements in decoder.features, such as {name}.0" if kinds["list"] else TEXT

"""From some values of a field to what it holds."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.sample import numerals
from daemon.sample.clocks import clock_of
from daemon.sample.field_profile import FieldProfile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from daemon.sample.field_profile import Writing

MOST_MARKS = 8
"""Texts among numbers that may all stand for a missing value; with more, the field is text."""
_MOST_STRANGE = 0.5
_LEAST_DATES = 0.9
_REPEATED = 2
_EXAMPLES = 3
_LONGEST_EXAMPLE = 24


def profile(name: str, values: Sequence[Any], *, typed: bool = True) -> FieldProfile:
    """Return what a field holds; ``values`` are as they were sent, None where an event lacks it.

    ``typed`` says whether the format tells numbers from text, as JSON does and CSV does not.

    >>> field = profile("temp", ["20.5", "NA", "21"], typed=False)
    >>> field.kind, dict(field.marks), field.range
    ('number', {'NA': 1}, (20.5, 21.0))
    """
    kinds = Counter(map(type, values))
    if kinds[list] + kinds[dict]:
        return FieldProfile(name, "nested", rows=len(values), absent=kinds[type(None)], distinct=0, counts={})
    counts: Counter[Any] = Counter(values)
    empty = [value for value in counts if value is None or (isinstance(value, str) and not value.strip())]
    absent = sum(counts.pop(value) for value in empty)
    field = FieldProfile(
        name,
        "text" if counts else "nothing",
        rows=len(values),
        absent=absent,
        distinct=len(counts),
        counts=counts,
        sent=values,
        examples=_examples(counts),
    )
    if not counts:
        return field
    if kinds[bool] and not kinds[str]:
        return replace(field, kind="boolean", values=_column(values, {each: float(each) for each in counts}))
    return _numbers(field, typed=typed) or _dates(field) or field


def _numbers(field: FieldProfile, *, typed: bool) -> FieldProfile | None:
    """Return the profile of numbers, perhaps with a few texts that stand for none; None where it is no number."""
    counts = field.counts
    writing, meaning = _writing(counts)
    rest = {str(value): count for value, count in counts.items() if value not in meaning}
    present = sum(counts[value] for value in meaning)
    strange = sum(count for text, count in rest.items() if not numerals.is_gap(text))
    if not meaning or len(rest) > MOST_MARKS or strange > _MOST_STRANGE * present:
        return None
    if any(isinstance(value, str) and numerals.LEADING_ZERO.fullmatch(value.strip()) for value in meaning):
        return None
    writing = "plain" if writing == "text" and not typed else writing
    values = _column(field.sent, meaning)
    clock = clock_of(field.name, values) if writing in ("plain", "text") else None
    return replace(
        field,
        kind="number" if clock is None else "time",
        distinct=len(set(meaning.values())),
        examples=_examples(Counter({value: counts[value] for value in meaning})),
        marks=rest,
        writing=writing,
        clock=clock,
        values=values,
        sentinel=None if clock else _sentinel(values),
    )


def _writing(counts: Mapping[Any, int]) -> tuple[Writing, dict[Any, float]]:
    """Return how most numbers are written here, and what each value means that is written so."""
    plain = {value: float(value) for value in counts if isinstance(value, int | float) and math.isfinite(value)}
    texts = [value for value in counts if isinstance(value, str)]
    best: tuple[Writing, dict[Any, float]] = ("plain", plain)
    for writing, read in _READ.items():
        meaning = plain | {text: found for text in texts if (found := read(text)) is not None}
        best = (writing, meaning) if len(meaning) > len(best[1]) else best
    return best


def _read_european(text: str) -> float | None:
    found = numerals.european(text)
    return numerals.number(text) if found is None and text.strip().lstrip("+-").isdigit() else found


def _read_grouped(text: str) -> float | None:
    found = numerals.grouped(text)
    return numerals.number(text) if found is None else found


_READ: Mapping[Writing, Callable[[str], float | None]] = {
    "text": numerals.number,
    "decimal comma": _read_european,
    "thousands comma": _read_grouped,
}


def _dates(field: FieldProfile) -> FieldProfile | None:
    """Return the profile of dates as text, None where it has none."""
    dates = {value for value in field.counts if isinstance(value, str) and numerals.DATE.fullmatch(value.strip())}
    if sum(field.counts[date] for date in dates) < _LEAST_DATES * sum(field.counts.values()):
        return None
    exact = all(map(numerals.is_iso_time, dates))
    marks = {str(value): count for value, count in field.counts.items() if value not in dates}
    return replace(field, kind="time", clock="iso" if exact else "other", marks=marks)


def _column(values: Sequence[Any], meaning: Mapping[Any, float]) -> NDArray[np.float64]:
    nan = math.nan
    return np.array([meaning.get(value, nan) for value in values], dtype=np.float64)


def _sentinel(values: NDArray[np.float64]) -> float | None:
    """Return the customary number for a gap that lies further from all others than they from each other."""
    numbers = np.sort(values[np.isfinite(values)])
    for sentinel in (numbers[0], numbers[-1]):
        others = numbers[numbers != sentinel]
        if sentinel not in numerals.SENTINELS or min(len(others), len(numbers) - len(others)) < _REPEATED:
            continue
        if min(abs(sentinel - others[0]), abs(sentinel - others[-1])) > others[-1] - others[0]:
            return float(sentinel)
    return None


def _examples(counts: Counter[Any]) -> tuple[str, ...]:
    shown = (str(value) for value, _ in counts.most_common(_EXAMPLES))
    return tuple(text if len(text) <= _LONGEST_EXAMPLE else f"{text[: _LONGEST_EXAMPLE - 1]}…" for text in shown)

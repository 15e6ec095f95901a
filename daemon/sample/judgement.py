"""What is made of a field, by rules that are the same for a new configuration and for one that is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import numpy as np

from daemon.intake.labels.class_name import class_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.sample.field_profile import FieldProfile

DEFAULT_MAX_CLASSES = 16
MOST_CLASSES = 10_000
MANY_CLASSES = 32
"""Whole numbers with more different values are an amount."""
_HARDLY_THERE = 0.9
_REPEATED = 3
_ENOUGH_TO_TELL = 50
_ON_A_LINE = 1 - 1e-9
_IDENTIFIER = re.compile(
    r"(?:^|[^a-z])(?:id|ids|uuid|guid|key|index|idx|serial|serialno|row|rownum|record|nr|imei|iban|isbn|zip|postcode|plz)"
    r"(?:$|[^a-z])|unnamed"
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def plain_name(name: str) -> str:
    """Return a field's name with its words apart and in lower case.

    >>> plain_name("deviceId")
    'device_id'
    """
    return _CAMEL.sub("_", name).lower()


def is_identifier(field: FieldProfile) -> str:
    """Return why a field of numbers is a name rather than an amount; empty where nothing says so."""
    if field.inexact:
        return "whole numbers too large to be amounts"
    if field.counts_rows and (not field.name.strip() or _steps_by_one(field) or _named_so(field)):
        return "numbers the rows"
    if _named_so(field) and field.whole:
        return "named like an identifier"
    return ""


def _named_so(field: FieldProfile) -> bool:
    return _IDENTIFIER.search(plain_name(field.name)) is not None


def _steps_by_one(field: FieldProfile) -> bool:
    numbers = field.numbers
    extent = field.range
    return extent is not None and extent[0] in (0, 1) and extent[1] - extent[0] == len(numbers) - 1


def why_not_a_feature(field: FieldProfile, *, readable: bool = True) -> str:
    """Return why a field is better no feature; empty where it can be one.

    ``readable`` says whether its numbers can be read as they are written.
    """
    if field.kind not in ("number", "boolean"):
        return {
            "nothing": "always empty",
            "nested": "a list",
            "time": "a date that is not ISO 8601" if field.clock == "other" else f"a time, in {field.clock}",
            "text": f"text, {field.distinct:,} values",
        }[field.kind]
    if not readable:
        return {
            "text": "a number in quotes",
            "plain": "numbers with a decimal point, where others have a comma",
        }.get(field.writing, f"numbers with a {field.writing}")
    if field.missing_share > _HARDLY_THERE:
        return f"missing in {field.missing_share:.0%}"
    return is_identifier(field)


def is_category(field: FieldProfile) -> bool:
    """Tell whether a text field says one of a few things, again and again."""
    return field.kind == "text" and 1 < field.distinct <= max(MANY_CLASSES, field.present // _REPEATED)


def says_the_same(field: FieldProfile, other: FieldProfile) -> bool:
    """Tell whether each of two fields says what the other does, in other words or another unit.

    Classes are then paired one to one; amounts lie on a line.
    """
    if field.present < _ENOUGH_TO_TELL or not 1 < field.distinct == other.distinct:
        return False
    if other.distinct <= other.present / 2:
        return len(set(zip(field.sent, other.sent, strict=True))) == len(field.counts) == len(other.counts)
    if not len(field.values) == len(other.values) > 0:
        return False
    both = np.isfinite(field.values) & np.isfinite(other.values)
    return bool(both.any() and np.corrcoef(field.values[both], other.values[both])[0, 1] ** 2 > _ON_A_LINE)


def label_type(field: FieldProfile) -> Literal["class", "number"]:
    """Return whether a label is a class or an amount: text is a class, and so are few different whole numbers."""
    if field.kind in ("text", "boolean", "time"):
        return "class"
    few = field.distinct <= 2 or field.distinct <= min(MANY_CLASSES, field.present / 20)  # noqa: PLR2004
    return "class" if field.whole and few else "number"


def class_names(field: FieldProfile) -> list[str]:
    """Return the names of a label's classes as the daemon gives them, the most frequent first."""
    ranked = sorted(field.counts, key=lambda value: -field.counts[value])
    return list(dict.fromkeys(name for value in ranked if (name := class_name(value)) is not None))


def room_for(classes: int) -> int:
    """Return a ``max_classes`` with room for as many classes again.

    >>> room_for(7), room_for(23)
    (16, 64)
    """
    room = DEFAULT_MAX_CLASSES
    while room < 2 * classes and room < MOST_CLASSES:
        room *= 2
    return min(room, MOST_CLASSES)


def null_values(field: FieldProfile) -> list[str]:
    """Return the texts that stand for a missing value in a field of numbers, beside the empty one."""
    return [*field.marks, *_as_written(field)]


def _as_written(field: FieldProfile) -> Sequence[str]:
    """Return how the sentinel is written, in the order of frequency."""
    if field.sentinel is None:
        return ()
    return [text for text in map(str, field.counts) if _means(text, field.sentinel)]


def _means(text: str, number: float) -> bool:
    try:
        return float(text) == number
    except ValueError:
        return False

"""Number labels (regression targets) as float64."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from connectors.decoders.number_text import NumberText, is_not_finite
from daemon.intake.labels.label_columns import LabelFault, Labels

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBERS = frozenset({int, float})
_SHOWN_CHARACTERS = 100
_LARGEST = float(np.finfo(np.float32).max)


def encode_numbers(values: Sequence[Any], *, text: NumberText | None = None) -> Labels[np.float64]:
    """Return every value that is a finite number as float64, and why the others are not.

    Text that holds a number is taken, because CSV knows nothing else; ``text`` reads it. None and "" are a
    missing_label; booleans, other text and nested values wrong_type; NaN, infinities and what float32 cannot hold
    not_finite.

    >>> encode_numbers([1, "2.5", None]).values
    array([1. , 2.5])
    """
    if _NUMBERS.issuperset(map(type, values)):
        try:
            numbers = np.array(values, dtype=np.float64)
        except OverflowError:  # an int beyond float64
            return _one_by_one(values, text or NumberText())
        if (np.abs(numbers) <= _LARGEST).all():
            return Labels(numbers, np.ones(len(numbers), dtype=np.bool_), [])
    return _one_by_one(values, text or NumberText())


def _one_by_one(values: Sequence[Any], text: NumberText) -> Labels[np.float64]:
    parsed = [_number(row, value, text) for row, value in enumerate(values)]
    faults = [found for found in parsed if isinstance(found, LabelFault)]
    numbers = [found for found in parsed if not isinstance(found, LabelFault)]
    accepted = np.ones(len(parsed), dtype=np.bool_)
    accepted[[fault.row for fault in faults]] = False
    return Labels(np.array(numbers, dtype=np.float64), accepted, faults)


def _number(row: int, value: Any, text: NumberText) -> float | LabelFault:
    if value is None or value == "":
        return LabelFault(row, "missing_label", "The label is absent, null or empty.")
    if isinstance(value, bool | np.bool_) or not isinstance(value, str | int | float | np.number):
        return LabelFault(row, "wrong_type", f"The label is a {type(value).__name__}; expected a number.")
    try:
        number = _of_text(value, text) if isinstance(value, str) else float(value)
    except OverflowError:
        number = math.inf
    if number is None:
        shown = repr(value)[:_SHOWN_CHARACTERS]
        return LabelFault(row, "wrong_type", f"The label is the text {shown}; expected a number.")
    if not abs(number) <= _LARGEST:
        return LabelFault(row, "not_finite", "The label is NaN, an infinity, or beyond float32.")
    return number


def _of_text(value: str, text: NumberText) -> float | None:
    return math.nan if is_not_finite(value) else text.read(value)

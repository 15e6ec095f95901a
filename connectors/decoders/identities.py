"""Names of tasks and keys: exact, and the same however a number was spelled."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

_WHOLE_WITH_ZEROS = re.compile(r"(-?(?:0|[1-9][0-9]*))\.0+")
EXACT_BELOW = 2.0**53
"""Whole numbers from here on may be another's in float64."""


def number_name(value: float | Decimal) -> str:
    """Return the one name of a number: 7 for 7, 7.0 and 70e-1.

    >>> number_name(7), number_name(7.0), number_name(Decimal("70e-1")), number_name(2.50)
    ('7', '7', '7', '2.5')
    >>> number_name(89490200001234567891), number_name(-0.0)
    ('89490200001234567891', '0')
    """
    if value == int(value):
        return str(int(value))
    if isinstance(value, float) or Decimal(repr(float(value))) == value:
        return repr(float(value))
    return f"{value.normalize():f}"


def untyped_name(text: str) -> str:
    """Return what an identity is called that comes from a format without types, such as CSV.

    There a whole number may be written as 7.0, as programs do from the first gap in a column on; any other text is
    its own name, leading zeros included.

    >>> untyped_name("7.0"), untyped_name("007"), untyped_name("1.10"), untyped_name("7.00")
    ('7', '007', '1.10', '7')
    """
    whole = _WHOLE_WITH_ZEROS.fullmatch(text) if text.endswith("0") else None
    if whole is None:
        return text
    return "0" if whole[1] == "-0" else whole[1]


def is_rounded(value: Any) -> bool:
    """Tell whether a parsed value may stand for another whole number than the one that was written."""
    return type(value) is float and abs(value) >= EXACT_BELOW

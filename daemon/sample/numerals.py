"""Numbers, dates and gaps as people write them in text."""

from __future__ import annotations

import re
from datetime import datetime

LARGEST = 3.4e38
"""About what a float32 can hold."""
NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*")
DECIMAL_COMMA = re.compile(r"\s*[+-]?(?:[0-9]{1,3}(?:[. ][0-9]{3})+|[0-9]+),[0-9]+\s*")
GROUPED = re.compile(r"\s*[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?\s*")
LEADING_ZERO = re.compile(r"0[0-9]+")
DATE = re.compile(r"[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}(?:[ T].*)?")

GAPS = frozenset({"na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "?", ".", "missing", "undefined"})
"""What stands for a missing value, in lower case, beside the empty text."""

SENTINELS = frozenset({-99.0, -99.9, -200.0, -999.0, -999.9, -9999.0, -99999.0, 999.0, 999.9, 9999.0, 99999.0})
"""Numbers that stand for a missing value where they lie far from all others."""


def number(text: str) -> float | None:
    """Return what a text in decimal notation says, None where it is none, or none that a model can take.

    >>> number("-1.5e3"), number("1_000"), number("inf"), number("1,5"), number("1e999")
    (-1500.0, None, None, None, None)
    """
    found = float(text) if NUMBER.fullmatch(text) else LARGEST
    return found if abs(found) < LARGEST else None


def european(text: str) -> float | None:
    """Return what a number with a decimal comma says, None where it is none.

    >>> european("1.234,5"), european("0,5"), european("1.5")
    (1234.5, 0.5, None)
    """
    if not DECIMAL_COMMA.fullmatch(text):
        return None
    return float(text.replace(".", "").replace(" ", "").replace(",", "."))


def grouped(text: str) -> float | None:
    """Return what a number with commas between its thousands says, None where it is none.

    >>> grouped("1,234.5"), grouped("12,34")
    (1234.5, None)
    """
    return float(text.replace(",", "")) if GROUPED.fullmatch(text) else None


def is_gap(text: str) -> bool:
    """Tell whether a text is a customary mark of a missing value.

    >>> is_gap("NA"), is_gap("nadir")
    (True, False)
    """
    return text.strip().lower() in GAPS


def is_iso_time(text: str) -> bool:
    """Tell whether a text is a date or a moment in ISO 8601; bare digits are no date.

    >>> is_iso_time("2024-05-01 10:00:00"), is_iso_time("20240501"), is_iso_time("01.05.2024")
    (True, False, False)
    """
    if "-" not in text:
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True

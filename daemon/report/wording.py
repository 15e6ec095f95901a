"""Figures as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite

NONE = "–"
LEARNERS = {
    "main": "This model",
    "committee": "Committee",
    "naive": "Naive companion",
    "frozen": "Frozen companion",
    "fresh": "Fresh companion",
    "challenger": "Challenger",
}
_FEW = 10
_THOUSANDS = ((1e9, "B"), (1e6, "M"), (1e3, "K"))


def per_cent(share: float | None) -> str:
    """Return a score in per cent; a dash where there is none.

    >>> per_cent(0.9844), per_cent(None)
    ('98.4 %', '–')
    """
    return NONE if share is None or not isfinite(share) else f"{100 * share:.1f} %"


def points(share: float | None, *, percent: bool) -> str:
    """Return a difference of scores: in points of a per cent, or of R² with two decimals.

    >>> points(-0.044, percent=True), points(0.25, percent=False)
    ('−4.4', '+0.25')
    """
    if share is None or not isfinite(share):
        return NONE
    return (f"{100 * share:+.1f}" if percent else f"{share:+.2f}").replace("-", "−")


def lost(share: float | None, *, percent: bool) -> str:
    """Return the same of what was lost: no sign where something was."""
    return points(share, percent=percent).removeprefix("+")


def count(number: float | None) -> str:
    """Return a whole number."""
    return NONE if number is None else f"{number:,.0f}"


def score(value: float | None, *, percent: bool) -> str:
    """Return a score: accuracy in per cent, or R² with two decimals where there are no classes.

    >>> score(0.9844, percent=True), score(-0.5, percent=False)
    ('98.4 %', '−0.50')
    """
    if percent or value is None or not isfinite(value):
        return per_cent(value)
    return f"{value:.2f}".replace("-", "−")


def short_score(value: float, *, percent: bool) -> str:
    """Return the same where there is little room."""
    return f"{100 * value:.0f}" if percent else score(value, percent=False)


def rate(value: float | None) -> str:
    """Return a number of events or records, with a decimal where it is small and has one.

    >>> rate(2958.4), rate(2.46), rate(7)
    ('2,958', '2.5', '7')
    """
    return f"{value:.1f}".removesuffix(".0") if value is not None and 0 < value < _FEW else count(value)


def compact(value: float) -> str:
    """Return a number for the edge of a picture.

    >>> compact(42_000), compact(1_500), compact(0.25)
    ('42K', '1.5K', '0.2')
    """
    unit, letter = next(((unit, letter) for unit, letter in _THOUSANDS if value >= unit), (1.0, ""))
    return f"{value / unit:.1f}".removesuffix(".0") + letter


def moment(seconds: float, *, short: bool = False) -> str:
    """Return a Unix time in words, in UTC.

    >>> moment(0), moment(0, short=True)
    ('01 January 1970, 00:00 UTC', '1970-01-01 00:00:00')
    """
    if short:
        return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%d %H:%M:%S}"
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%d %B %Y, %H:%M} UTC"

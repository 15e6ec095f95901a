"""Figures as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite

NONE = "–"


def per_cent(share: float | None) -> str:
    """Return a score in per cent; a dash where there is none.

    >>> per_cent(0.9844), per_cent(None)
    ('98.4 %', '–')
    """
    return NONE if share is None or not isfinite(share) else f"{100 * share:.1f} %"


def points(share: float | None) -> str:
    """Return a difference of scores in points."""
    return NONE if share is None or not isfinite(share) else f"{100 * share:+.1f}".replace("-", "−")


def lost(share: float | None) -> str:
    """Return what was lost in points: no sign where something was."""
    return points(share).removeprefix("+")


def count(number: float | None) -> str:
    """Return a whole number."""
    return NONE if number is None else f"{number:,.0f}"


def moment(seconds: float) -> str:
    """Return a Unix time in words, in UTC."""
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%d %B %Y, %H:%M} UTC"

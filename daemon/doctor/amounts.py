"""Sizes and spans of time as people say them."""

from __future__ import annotations

_KIB = 1024
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def size(amount: float) -> str:
    """Return bytes in the unit that leaves a short number.

    >>> size(3.5 * 1024**3), size(12)
    ('3.5 GiB', '12 bytes')
    """
    if amount < _KIB:
        return f"{amount:.0f} bytes"
    for unit in ("KiB", "MiB", "GiB"):
        amount /= _KIB
        if amount < _KIB:
            return f"{amount:.1f} {unit}"
    return f"{amount / _KIB:.1f} TiB"


def span(seconds: float) -> str:
    """Return a span of time in its largest unit.

    >>> span(45), span(7200), span(350_000)
    ('45 s', '2 h', '4 days')
    """
    if seconds < 2 * _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 2 * _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    if seconds < 2 * _DAY:
        return f"{seconds / _HOUR:.0f} h"
    return f"{seconds / _DAY:.0f} days"

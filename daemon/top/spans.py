"""Times and courses, in few characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_BLOCKS = "▁▂▃▄▅▆▇█"
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def span(seconds: float) -> str:
    """Return how long that is, in its two largest units.

    >>> span(3.2), span(200), span(7_260), span(200_000), span(-1)
    ('3 s', '3 min', '2 h 1 min', '2 d 7 h', '0 s')
    """
    left = max(0, int(seconds))
    parts: list[tuple[int, str]] = []
    for size, unit in _UNITS:
        if left >= size or parts:
            parts.append((left // size, unit))
            left %= size
    if not parts:
        return f"{left} s"
    return " ".join(f"{number} {unit}" for number, unit in parts[:2] if number)


def sparkline(values: Sequence[float]) -> str:
    """Return a course as a row of blocks, the largest value the highest.

    >>> sparkline([0, 1, 2, 4]), sparkline([]), sparkline([0, 0])
    ('▁▂▄█', '', '▁▁')
    """
    top = max(values, default=0)
    return "".join(_BLOCKS[int(value / top * (len(_BLOCKS) - 1)) if top > 0 else 0] for value in values)

"""The colour of a score: orange to white to blue, which no kind of colour blindness confuses."""

from __future__ import annotations

_LOW, _MIDDLE, _HIGH = (213, 94, 0), (247, 247, 247), (70, 150, 205)


def score_colour(score: float) -> str:
    """Return the colour of a score from 0 to 1; beyond, of the nearest of the two.

    >>> score_colour(0.0), score_colour(0.5), score_colour(1.7)
    ('#d55e00', '#f7f7f7', '#4696cd')
    """
    share = min(max(score, 0.0), 1.0)
    start, end, way = (_LOW, _MIDDLE, 2 * share) if share < 1 / 2 else (_MIDDLE, _HIGH, 2 * share - 1)
    red, green, blue = (round(a + way * (b - a)) for a, b in zip(start, end, strict=True))
    return f"#{red:02x}{green:02x}{blue:02x}"

"""The frame of a line chart as SVG, in the look of the daemon's own page: scales, grid and ticks."""

from __future__ import annotations

from math import floor, log10
from typing import TYPE_CHECKING

from daemon.report.markup import Markup, element

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

WIDTH = 480
_LEFT, _RIGHT, _TOP = 44, 10, 8
_CLOSE = 30  # a label nearer to an edge than this would be cut


class PlotFrame:
    """Collects the elements of a picture ``WIDTH`` units wide; ``foot`` is the room below the floor."""

    def __init__(self, *, height: int, x: tuple[float, float], y: tuple[float, float], foot: int = 24) -> None:
        self.height = height
        self.floor = height - foot
        self._x, self._y = x, y
        self._parts: list[Markup] = []

    def x(self, value: float) -> float:
        """Return where a value lies from left to right."""
        return _scaled(value, self._x, (_LEFT, WIDTH - _RIGHT))

    def y(self, value: float) -> float:
        """Return where a value lies from top to bottom."""
        return _scaled(value, self._y, (self.floor, _TOP))

    def add(self, tag: str, *children: str, class_: str, **places: float | str) -> None:
        """Draw an element; ``text_anchor`` is written ``text-anchor``."""
        named = {name.replace("_", "-"): _text(value) for name, value in places.items()}
        self._parts.append(element(tag, *children, class_=class_, **named))

    def grid(self, values: Iterable[float], label: Callable[[float], str]) -> None:
        """Draw lines across, with their values at the left."""
        for value in values:
            y = self.y(value)
            self.add("line", class_="grid", x1=_LEFT, x2=WIDTH - _RIGHT, y1=y, y2=y)
            self.add("text", label(value), class_="tick", x=_LEFT - 6, y=y + 4, text_anchor="end")

    def axis(self, values: Iterable[float], label: Callable[[float], str]) -> None:
        """Write values below; those at the edges stay within the picture."""
        for value in values:
            x = self.x(value)
            anchor = "end" if x > WIDTH - _CLOSE else "start" if x < _LEFT + 10 else "middle"
            self.add("text", label(value), class_="tick", x=x, y=self.height - 6, text_anchor=anchor)

    def vertical(self, value: float, *, class_: str) -> None:
        """Draw a line from top to floor."""
        self.add("line", class_=class_, x1=self.x(value), x2=self.x(value), y1=_TOP, y2=self.floor)

    def svg(self, *, says: str) -> Markup:
        """Return the picture; ``says`` is for who cannot see it."""
        named = {"viewBox": f"0 0 {WIDTH} {self.height}", "role": "img", "aria-label": says}
        return element("svg", *self._parts, **named)


def path(places: Iterable[tuple[float, float] | None]) -> str:
    """Return the path through places; it breaks where there is none.

    >>> path([(0, 1), (2, 3), None, (4, 5)])
    'M0 1L2 3M4 5'
    """
    pen, parts = "M", []
    for place in places:
        if place is not None:
            parts.append(f"{pen}{_text(place[0])} {_text(place[1])}")
        pen = "M" if place is None else "L"
    return "".join(parts)


def ticks(greatest: float, wanted: int) -> Sequence[float]:
    """Return about so many round steps from 0 to the greatest value.

    >>> ticks(42_000, 4)
    [0.0, 20000.0, 40000.0]
    """
    if greatest <= 0:
        return [0.0]
    rough = greatest / wanted
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    return [index * step for index in range(floor(greatest / step + 1e-9) + 1)]


def _scaled(value: float, of: tuple[float, float], to: tuple[float, float]) -> float:
    return to[0] + (value - of[0]) / ((of[1] - of[0]) or 1) * (to[1] - to[0])


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")

"""Label values with a bound on their number, so that a stream cannot flood Prometheus."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

OTHER = "__other__"
"""Where values go that came after the bound was reached."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MAX_CHARACTERS = 120


class BoundedLabels:
    """Gives each combination of values a place, first come, first served, up to ``limit``; later ones share one.

    >>> task = BoundedLabels("task", limit=1)
    >>> task.place("night"), task.place("day"), task.place("night")
    (('night',), ('__other__',), ('night',))
    """

    def __init__(self, *names: str, limit: int) -> None:
        assert names
        assert limit >= 1
        self.names = names
        self.other = (OTHER,) * len(names)
        self._limit = limit
        self._places: dict[tuple[str, ...], tuple[str, ...]] = {self.other: self.other}
        self._taken = {self.other}

    def place(self, *values: str) -> tuple[str, ...]:
        """Return the label values to show for ``values``: themselves (made printable), or ``__other__``."""
        known = self._places.get(values)
        if known is not None:
            return known
        shown = tuple(map(printable, values))
        if len(self._places) > self._limit or shown in self._taken:
            return self.other
        self._places[values] = shown
        self._taken.add(shown)
        return shown

    def keep(self, values: Iterable[tuple[str, ...]]) -> None:
        """Give up the places of all others: whoever they were for is there no more."""
        kept = {*values, self.other}
        for gone in [each for each in self._places if each not in kept]:
            self._taken.discard(self._places.pop(gone))


def printable(value: str) -> str:
    r"""Return ``value`` as every scraper can read it: valid UTF-8, no control characters, bounded, not empty.

    An empty label value would mean "no such label" to Prometheus.

    >>> printable("a\r\nb\ud800"), printable("")
    ('a??b?', '(empty)')
    """
    encodable = value.encode("utf-8", "replace").decode("utf-8")
    return _CONTROL.sub("?", encodable)[:_MAX_CHARACTERS] or "(empty)"

"""Conversions between the units of measurement that readings come in."""

from __future__ import annotations

import math
from typing import Final, NamedTuple


class Conversion(NamedTuple):
    """x in one unit is ``factor`` · x + ``offset`` in the other."""

    factor: float
    offset: float = 0.0

    @property
    def inverse(self) -> Conversion:
        """The way back."""
        return Conversion(1 / self.factor, -self.offset / self.factor)

    def __call__(self, value: float) -> float:
        """Return a value in the other unit."""
        return self.factor * value + self.offset


_ONE_WAY: Final = (
    *(Conversion(10.0**power) for power in (1, 2, 3, 4, 5, 6, 9)),
    Conversion(60.0),
    Conversion(3_600.0),
    Conversion(3.6),
    Conversion(24.0),
    Conversion(1.0, 273.15),
    Conversion(1.8, 32.0),
    Conversion(1.8, -459.67),
    Conversion(6.894757),
    Conversion(6_894.757),
    Conversion(14.503774),
    Conversion(133.322368),
    Conversion(101_325.0),
    Conversion(68.94757),
    Conversion(33.86389),
    Conversion(1.333224),
    Conversion(98.0665),
    Conversion(1_013.25),
    Conversion(25.4),
    Conversion(304.8),
    Conversion(3.280840),
    Conversion(1.609344),
    Conversion(1.852),
    Conversion(0.514444),
    Conversion(0.44704),
    Conversion(2.204623),
    Conversion(4.184),
    Conversion(3.785412),
    Conversion(745.699872),
    Conversion(57.295780),
)

CONVERSIONS: Final = (*_ONE_WAY, *(conversion.inverse for conversion in _ONE_WAY))
"""Powers of ten; hours, minutes and seconds; Celsius, Fahrenheit and Kelvin; pressure, length, speed, mass,
energy, volume, power and angle. Factors as in the SI brochure (BIPM 2019) and NIST SP 811 (2008), appendix B."""

_PLAUSIBLE: Final = {
    Conversion(1.0, 273.15): (-100.0, 500.0),
    Conversion(1.8, 32.0): (-100.0, 500.0),
    Conversion(1.8, -459.67): (173.15, 773.15),
    Conversion(1.0, 273.15).inverse: (173.15, 773.15),
    Conversion(1.8, 32.0).inverse: (-148.0, 932.0),
    Conversion(1.8, -459.67).inverse: (-148.0, 932.0),
}
"""Where readings lie that may be temperatures, before the conversion."""

_FREQUENT: Final = frozenset(
    conversion for conversion in CONVERSIONS if conversion.offset or math.log10(conversion.factor).is_integer()
)
"""Powers of ten, and temperatures."""


class Habits(NamedTuple):
    """How readings of a column come, in its unit."""

    level: float
    """Mean of the last stretch of some hundred readings."""
    spread: float
    """Deviation within a stretch."""
    wander: float
    """By how much the means of two stretches differ."""


def conversion_between(
    before: Habits, *, seen: float, spread: float, unlikely: float, exact: bool = False
) -> Conversion | None:
    """Return what takes readings with these habits to a stretch of mean ``seen`` and deviation ``spread``.

    The likeliest by mean and deviation together, where powers of ten and temperatures are more often met than the
    others; None where all are too ``unlikely``: squares of deviations from what would be expected, summed. Where it
    has to be ``exact``, less is allowed for.

    >>> hectopascals = Habits(level=1013.0, spread=4.0, wander=2.0)
    >>> conversion_between(hectopascals, seen=101_500.0, spread=400.0, unlikely=9.0)
    Conversion(factor=100.0, offset=0.0)
    >>> conversion_between(Habits(level=0.0, spread=0.01, wander=0.0), seen=50.0, spread=5.0, unlikely=9.0) is None
    True
    """
    likeliest, least = None, unlikely
    reach = max(before.wander, before.spread / 16) * (1.0 if exact else 4.0)
    for conversion in CONVERSIONS:
        least_level, most_level = _PLAUSIBLE.get(conversion, (-math.inf, math.inf))
        if not least_level <= before.level <= most_level:
            continue
        if not conversion.offset and abs(before.level) < _FROM_ZERO * before.spread:
            # About zero, any factor would do.
            continue
        factor = abs(conversion.factor)
        away = (seen - conversion(before.level)) / (factor * reach)
        wider = math.log(spread / (factor * before.spread)) / (_WIDER / 2 if exact else _WIDER)
        cost = away**2 + wider**2 + (0.0 if conversion in _FREQUENT else _SELDOM)
        if cost < least:
            likeliest, least = conversion, cost
    return likeliest


_FROM_ZERO = 2.0
_WIDER = 0.35
"""A stretch that spreads 1.4 times as far as another is one deviation away."""
_SELDOM = 4.0

"""Conversions between the units of measurement that readings come in."""

from __future__ import annotations

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
    Conversion(1.8, 459.67),
    Conversion(6.894757),
    Conversion(6_894.757),
    Conversion(14.503774),
    Conversion(133.322368),
    Conversion(101_325.0),
    Conversion(25.4),
    Conversion(304.8),
    Conversion(3.280840),
    Conversion(1.609344),
    Conversion(2.204623),
    Conversion(4.184),
    Conversion(3.785412),
    Conversion(745.699872),
    Conversion(57.295780),
)

CONVERSIONS: Final = (*_ONE_WAY, *(conversion.inverse for conversion in _ONE_WAY))
"""Powers of ten; hours, minutes and seconds; Celsius, Fahrenheit and Kelvin; pressure, length, mass, energy,
volume, power and angle. Factors as in the SI brochure (BIPM 2019) and NIST SP 811 (2008), appendix B."""


def conversion_between(*, mean: float, deviation: float, seen: float, spread: float) -> Conversion | None:
    """Return what takes values of this mean and deviation to readings of mean ``seen`` and deviation ``spread``.

    Readings of an hour spread less than those of a year, hence the wide bounds. The nearest by the mean, in
    deviations; None where no known conversion is near.

    >>> conversion_between(mean=1013.0, deviation=10.0, seen=101_500.0, spread=400.0)
    Conversion(factor=100.0, offset=0.0)
    >>> conversion_between(mean=0.0, deviation=0.01, seen=50.0, spread=5.0) is None
    True
    """
    best, least = None, _NEAR
    for conversion in CONVERSIONS:
        if not conversion.offset and abs(mean) < deviation:
            # About zero, any factor would do.
            continue
        expected = abs(conversion.factor) * deviation
        if not expected / 30 < spread < 3 * expected:
            continue
        away = abs(seen - conversion(mean)) / expected
        if away < least:
            best, least = conversion, away
    return best


_NEAR = 4.0
"""Deviations that the mean of some hundred readings may be away from where the conversion puts it."""

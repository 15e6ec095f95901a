"""What the values of fields mean, for those that come as values and not as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.decoders.nulls import Nulls
from connectors.decoders.validity import Validity

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from connectors.decoders.number_text import NumberText
    from connectors.decoders.value_options import ValueOptions


class ValueMeaning:
    """Says which values a decoder of these options would take for none, whatever it wraps them in."""

    def __init__(self, options: ValueOptions, *, number_text: NumberText) -> None:
        self._nulls = Nulls(options, number_text=number_text)
        self._ranges = options.ranges

    def valid(self, x: NDArray[np.float64], *, fields: Sequence[str]) -> NDArray[np.float64]:
        """Return ``x`` ``(rows, fields)`` with NaN for each number that stands for none, or is out of range."""
        return Validity(fields, nulls=self._nulls, ranges=self._ranges).check(x).x

    def is_missing(self, name: str, value: Any) -> bool:
        """Tell whether the value of a field that is no feature is missing, or stands for that."""
        return self._nulls.has(name, value)

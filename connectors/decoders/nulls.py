"""Which values stand for a missing one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connectors.decoders.number_text import NumberText
    from connectors.decoders.value_options import Marker, ValueOptions


class _Markers(NamedTuple):
    texts: frozenset[str]
    numbers: frozenset[float]


class Nulls:
    """Tells of any decoded value whether it stands for a missing one.

    The empty text always does. Another text marks that very text; a number, or a text that is one, marks that
    number however it is written: -200, -200.0 and the text "-200".
    """

    def __init__(self, options: ValueOptions, *, number_text: NumberText) -> None:
        self._number_text = number_text
        self._everywhere = self._read(options.null_values)
        self._of_field = {name: self._read(options.nulls_of(name)) for name in options.fields}

    def _read(self, markers: Iterable[Marker]) -> _Markers:
        markers = tuple(markers)
        texts = frozenset({"", *(each for each in markers if isinstance(each, str))})
        read = (self._number_text.read(each) if isinstance(each, str) else float(each) for each in markers)
        return _Markers(texts, frozenset(number for number in read if number is not None))

    def _of(self, name: str) -> _Markers:
        return self._of_field.get(name, self._everywhere)

    def numbers_of(self, name: str) -> frozenset[float]:
        """Return the numbers that stand for a missing value in a field."""
        return self._of(name).numbers

    def texts_of(self, name: str) -> frozenset[str]:
        """Return the texts that stand for a missing value in a field, as they are."""
        return self._of(name).texts

    def applies(self, name: str) -> bool:
        """Tell whether more than the empty text stands for a missing value in a field."""
        texts, numbers = self._of(name)
        return bool(numbers) or bool(texts - {""})

    def has(self, name: str, value: Any) -> bool:
        """Tell whether a decoded value of a field stands for a missing one."""
        if value is None:
            return True
        texts, numbers = self._of(name)
        if isinstance(value, str):
            return value in texts or (bool(numbers) and self._number_text.read(value) in numbers)
        if isinstance(value, Decimal):
            return float(value) in numbers
        return not isinstance(value, bool) and isinstance(value, (int, float)) and value in numbers

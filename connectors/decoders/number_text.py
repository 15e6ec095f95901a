"""Numbers that are written as text: decimal notation, and nothing that only a programming language would read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connectors.decoders.envelope import RejectedError

if TYPE_CHECKING:
    from collections.abc import Iterable

# No two parts in a row may take the same digit: a text of a million would be split in all ways that there are.
_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_BLANKS = " \t"
_ONLY_PYTHON = "_\n\r\x0b\x0c\x1c\x1d\x1e\x1f"
"""What ``float`` passes over, and is no part of a number."""


class NumberText:
    """Reads numbers by a declared decimal sign, and groups of three digits by a declared separator.

    Python's ``float`` would also take underscores, digits of other scripts and words; none of these is a number
    here. Nothing is guessed: what doesn't fit the declaration is text.

    >>> NumberText().read("-12.5e3"), NumberText().read("10_20"), NumberText().read("1,5")
    (-12500.0, None, None)
    >>> NumberText(decimal=",", thousands=".").read("1.234,5")
    1234.5
    """

    def __init__(self, *, decimal: str = ".", thousands: str | None = None) -> None:
        self._decimal = decimal
        self._thousands = thousands
        self._grouped = None if thousands is None else _grouped(decimal, thousands)
        self.plain = decimal == "." and thousands is None
        """Whether ``float`` reads what ``only_plain`` has let through."""

    def read(self, text: str) -> float | None:
        """Return the number, an infinity where it is beyond float64, None where the text is no number."""
        text = text.strip(_BLANKS)
        if not self.plain:
            text = self._as_plain(text)
        return float(text) if _PLAIN.fullmatch(text) else None

    def _as_plain(self, text: str) -> str:
        if self._thousands is not None and self._thousands in text:
            if self._grouped is None or not self._grouped.fullmatch(text):
                return ""
            text = text.replace(self._thousands, "")
        if self._decimal != ".":
            # A point is no decimal sign any more: what has one is no number.
            text = "" if "." in text else text.replace(self._decimal, ".")
        return text


def only_plain(texts: Iterable[str]) -> bool:
    """Tell whether ``float`` can be trusted with these: what it accepts of them and is finite, is decimal notation.

    >>> only_plain(["1.5", " 2e3"]), only_plain(["10_20"])
    (True, False)
    """
    joined = "".join(texts)
    return joined.isascii() and not any(character in joined for character in _ONLY_PYTHON)


def is_not_finite(text: str) -> bool:
    """Tell whether a text stands for NaN or an infinity.

    >>> is_not_finite("NaN"), is_not_finite("-inf"), is_not_finite("banana")
    (True, True, False)
    """
    return _NOT_FINITE.fullmatch(text.strip(_BLANKS)) is not None


def text_is_no_number(text: str, name: str, *, may_be_text: bool = True) -> RejectedError:
    """Return why a text cannot be a feature; ``may_be_text`` tells whether one that is a number could."""
    if is_not_finite(text):
        return RejectedError("features", "not_finite", f"Feature {name!r} is NaN or an infinity, written as text.")
    if not may_be_text:
        remedy = "list it in decoder.features, or set decoder.numbers: text"
    elif (separators := _separators(text)) is not None:
        remedy = f"it is one with {separators}"
    else:
        remedy = "or list it in null_values"
    return RejectedError("features", "wrong_type", f"Feature {name!r} is text; expected a number, {remedy}.")


def _separators(text: str) -> str | None:
    """Return the options by which a text would be a number."""
    for decimal, thousands in ((".", None), (",", None), (".", ","), (",", "."), (",", " "), (".", "'")):
        if NumberText(decimal=decimal, thousands=thousands).read(text) is not None:
            said = f"decoder.decimal: {decimal!r}"
            return said if thousands is None else f"{said} and thousands: {thousands!r}"
    return None


def _grouped(decimal: str, thousands: str) -> re.Pattern[str]:
    return re.compile(
        rf"[+-]?[0-9]{{1,3}}(?:{re.escape(thousands)}[0-9]{{3}})+(?:{re.escape(decimal)}[0-9]*)?(?:[eE][+-]?[0-9]+)?"
    )

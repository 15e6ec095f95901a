"""JSON numbers as they are written, where float64 would take one for another."""

from __future__ import annotations

import re
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import orjson

from connectors.decoders.envelope import RejectedError
from connectors.decoders.identities import is_rounded
from connectors.decoders.json_fields import lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LEVELS = 3_000
_LARGEST = int(sys.float_info.max)

_LONG_NUMBER = re.compile(rb"[0-9](?:\.?[0-9]){15,}")
"""What has fewer digits, float64 tells from all others that have."""


def _lossless(text: str) -> float | Decimal:
    number, nearest = Decimal(text), float(text)
    return nearest if Decimal(repr(nearest)) == number else number


_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_decode_lossless = msgspec.json.Decoder(float_hook=_lossless).decode


def _at_any_depth(decode: Callable[[bytes], Any], value: bytes) -> Any:
    """Decode JSON that orjson has read, which goes 1,024 levels deep: deeper than Python's stack may be."""
    try:
        return decode(value)
    except RecursionError:
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(before + _LEVELS)
        try:
            return decode(value)
        finally:
            sys.setrecursionlimit(before)


def loads(value: bytes | str) -> Any:
    """Return what JSON says, with an int or a Decimal for every number that is not the one of a float64.

    Raises ``orjson.JSONDecodeError`` where it is none, and ``RejectedError`` where a number is too long.

    >>> loads(b'{"id": 89490200001234567891, "x": 0.1}')
    {'id': 89490200001234567891, 'x': 0.1}
    """
    parsed = orjson.loads(value)
    raw = value.encode() if isinstance(value, str) else value
    if not _LONG_NUMBER.search(raw):
        return parsed
    try:
        return _at_any_depth(_decode_lossless, raw)
    except (msgspec.DecodeError, ValueError):
        raise RejectedError("decode", "not_finite", "A number is too long to be exact.") from None


def exact(value: bytes, name: str) -> Any:
    """Return a field of a JSON object, a number as int or Decimal; raise ``RejectedError`` where it is too long.

    >>> exact(b'{"id": 89490200001234567891}', "id")
    89490200001234567891
    """
    try:
        return lookup(_at_any_depth(_decode, value), name)
    except (msgspec.DecodeError, ValueError):
        raise RejectedError("decode", "not_finite", f"The number in {name!r} is too long to be exact.") from None


def all_exact(column: list[Any], values: Sequence[bytes], *, name: str, identity: bool) -> list[Any]:
    """Return a column in which no number stands for another than was written in its event.

    Of an ``identity``, such as a key or a task, every number that is no int is read again; of anything else those
    whose whole numbers float64 rounds.
    """
    kinds = set(map(type, column))
    if int in kinds and any(type(cell) is int and not -_LARGEST < cell < _LARGEST for cell in column):
        raise ValueError("a whole number beyond float64, which orjson does not read")
    if float not in kinds:
        return column
    wrong = [row for row, cell in enumerate(column) if type(cell) is float and (identity or is_rounded(cell))]
    if not wrong:
        return column
    column = list(column)
    for row in wrong:
        column[row] = exact(values[row], name)
    return column

"""Finds values that pydantic would take for numbers though they are written as something else.

It takes true for 1, the text "0.5" for 0.5, and 1e12 for a whole number. Spelt out so that no number can be read
from them, they are found where a number is due, by the complaint that this brings. Text that a variable gives is
meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import ErrorDetails

    from daemon.config.document import Document
    from daemon.config.errors import KeyPath

_TRUTH, _TEXT, _BROKEN = "a truth value", "text", "a fraction"
_MARK = "\x00"
_REMEDIES = {
    _TRUTH: "",
    _TEXT: "write the number without quotes",
    _BROKEN: "write a whole number in digits alone, without point or exponent",
}


def spelt_out(document: Document) -> Any:
    """Return the values of a file, each that might be taken for a number as text that is none."""
    return _spelt(document.value, (), document)


def taken_for_numbers(errors: Iterable[ErrorDetails]) -> list[ErrorDetails]:
    """Return those errors of values that were spelt out that tell of a number in their place."""
    spelt = [error for error in errors if isinstance(error["input"], str) and _MARK in error["input"]]
    fractions = {error["input"] for error in spelt if error["type"] == "float_parsing"}
    return [
        error
        for error in spelt
        if error["type"] in ("int_parsing", "float_parsing")
        # A fraction may stand where any number may.
        and not (_kind(error["input"]) == _BROKEN and error["input"] in fractions)
    ]


def spelling_remedy(value: Any) -> str:
    """Return how to write the number that is meant, nothing where ``value`` was not spelt out."""
    return _REMEDIES.get(_kind(value), "") if isinstance(value, str) and _MARK in value else ""


def _kind(spelt: str) -> str:
    return spelt.split(_MARK)[1]


def _spelt(value: Any, path: KeyPath, document: Document) -> Any:
    if isinstance(value, dict):
        return {key: _spelt(entry, (*path, key), document) for key, entry in value.items()}
    if isinstance(value, list):
        return [_spelt(item, (*path, index), document) for index, item in enumerate(value)]
    kind = _kind_of(value, written=path in document.written)
    # With its place: several alternatives of one place complain, and belong together.
    return f"{value}{_MARK}{kind}{_MARK}{path}" if kind else value


def _kind_of(value: Any, *, written: bool) -> str:
    if isinstance(value, bool):
        return _TRUTH
    if isinstance(value, float):
        return _BROKEN if value.is_integer() else ""
    return _TEXT if isinstance(value, str) and not written and _is_number(value) else ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

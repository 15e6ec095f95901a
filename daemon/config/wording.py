"""Says in plain words, at the right place, what pydantic found wrong."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args

from pydantic_core.core_schema import ErrorType

from daemon.config.errors import REDACTED, SECRET_WORDS, dotted
from daemon.config.label_words import as_written
from daemon.config.lax_numbers import spelling_remedy
from daemon.config.shape import shape_at
from daemon.config.values import value_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pydantic_core import ErrorDetails

    from daemon.config.document import Document
    from daemon.config.errors import KeyPath, Problem
    from daemon.config.shape import Shape
    from daemon.config.tables import Tables

_LONGEST = 60
_REWORDED = frozenset(get_args(ErrorType)) - {"value_error", "assertion_error"}


def problems_of(errors: Iterable[ErrorDetails], document: Document, tables: Tables) -> list[Problem]:
    """Return one problem for each place that pydantic complains about (each branch of a union complains)."""
    places: dict[KeyPath, list[ErrorDetails]] = {}
    for error in errors:
        places.setdefault(_place(error, document), []).append(error)
    return [_problem(path, found, document, tables) for path, found in places.items()]


def _place(error: ErrorDetails, document: Document) -> KeyPath:
    """Return where in the file an error is: its location without the names of a union's branches."""
    if not error["loc"]:
        return ()
    path: KeyPath = ()
    value = document.value
    *inner, last = as_written(error["loc"], value)
    for part in inner:
        if _has(value, part):
            path, value = (*path, part), value[part]
    absent = error["type"] in ("missing", "unknown_type", "string_type") and isinstance(value, dict)
    return (*path, last) if absent or _has(value, last) else path


def _has(value: Any, part: str | int) -> bool:
    if isinstance(value, dict):
        return part in value
    return isinstance(value, list) and isinstance(part, int) and part < len(value)


def _problem(path: KeyPath, errors: Sequence[ErrorDetails], document: Document, tables: Tables) -> Problem:
    error = errors[0]
    shape = shape_at(path, document.value, tables)
    match error["type"]:
        case "extra_forbidden":
            return _unknown_key(path, document, shape_at(path[:-1], document.value, tables))
        case "missing" if isinstance(error["loc"][-1], str):
            return _missing(path, document, shape, tables)
        case "unknown_type":
            return _unknown_type(path, document, error)
        case "not_a_component":
            message = (
                f"expected a mapping such as {{type: {_first_type(error, tables)}}}, got {_got(path, document)}"
            )
            return document.problem(path, message, expected="a mapping with a type")
        case kind if kind not in _REWORDED:  # a validator of ours, whose message is meant for people
            return document.problem(path, _own_words(error), expected=shape.words())
    expected = shape.words() or error["msg"]
    return document.problem(
        path, f"expected {expected}, got {_got(path, document)}{_remedy(error)}", expected=expected
    )


def _unknown_key(path: KeyPath, document: Document, section: Shape) -> Problem:
    suggestion = nearest(str(path[-1]), section.keys)
    valid = ", ".join(section.keys)
    message = "unknown key" if suggestion or not valid else f"unknown key; valid here: {valid}"
    at = document.key_position(path)
    return document.problem(path, message, at=at, expected=f"one of {valid}", suggestion=suggestion)


def _missing(path: KeyPath, document: Document, shape: Shape, tables: Tables) -> Problem:
    expected = shape.words()
    section = shape_at(path[:-1], document.value, tables)
    if section.component and path[-1] == "type":
        expected = f"one of {', '.join(sorted(getattr(tables, section.component)))}"
    meaning = f": {shape.description}" if shape.description else ""
    message = f"required, but missing; expected {expected}{meaning}"
    return document.problem(path, message, at=document.key_position(path[:-1]), expected=expected)


def _unknown_type(path: KeyPath, document: Document, error: ErrorDetails) -> Problem:
    valid = error["ctx"]["valid"]
    own = ", or your own class as package.module:Class" if error["ctx"]["own"] else ""
    expected = f"one of {', '.join(valid)}{own}"
    message = f"unknown type {_got(path, document)}; expected {expected}"
    return document.problem(path, message, expected=expected, suggestion=nearest(error["input"], valid))


def _first_type(error: ErrorDetails, tables: Tables) -> str:
    table = getattr(tables, error["ctx"]["table"])
    given = error["input"]
    return given if isinstance(given, str) and given in table else next(iter(table), "...")


def _own_words(error: ErrorDetails) -> str:
    return str(error.get("ctx", {}).get("error", "") or error["msg"])


def _remedy(error: ErrorDetails) -> str:
    if spelling := spelling_remedy(error["input"]):
        return f"; {spelling}"
    if error["type"] == "string_type" and isinstance(error["input"], int | float):
        return "; put it in quotes to make it text"
    return ""


def _got(path: KeyPath, document: Document) -> str:
    if SECRET_WORDS.search(dotted(path)):
        return REDACTED
    if path in document.written:
        return f"the value of {document.written[path]}"
    return _described(value_at(path, document.value))


def _described(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, str):
        return repr(value if len(value) <= _LONGEST else value[:_LONGEST] + "...")
    return {"True": "true", "False": "false", "None": "nothing"}.get(str(value), str(value))


def nearest(word: str, valid: Iterable[str]) -> str:
    """Return the valid word that this one was probably meant to be, or nothing.

    >>> nearest("rowz", ["rows", "policy"])
    'rows'
    """
    return next(iter(get_close_matches(word.lower(), valid, n=1)), "")

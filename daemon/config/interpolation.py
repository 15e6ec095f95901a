"""Variables of the environment inside a scalar: ``${VAR}``, ``${VAR:-default}``, ``${VAR:?message}``, ``$$``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARK = re.compile(r"\$\$|\$\{(?P<body>[^}]*)(?P<end>\}?)")
_BODY = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:(?P<form>:-|:\?)(?P<rest>.*))?", re.DOTALL)


class InterpolationError(ValueError):
    """A variable is not set, or the form is not one of the four."""


def interpolate(text: str, environ: Mapping[str, str]) -> str:
    """Return the text with its variables replaced, once: what a variable holds is never looked into.

    As in a POSIX shell, ``:-`` and ``:?`` also apply where the variable is set but empty. A dollar sign that is
    followed by neither a brace nor another one stands for itself, so ``^plant-.*$`` is the pattern it looks like.

    >>> interpolate("${HOST:-localhost}:${PORT} costs $$5", {"PORT": "9092"})
    'localhost:9092 costs $5'
    """
    return _MARK.sub(lambda mark: _replacement(mark, environ), text)


def escape(text: str) -> str:
    """Return a text that ``interpolate`` turns into this one.

    >>> escape("${HOME}")
    '$${HOME}'
    """
    return text.replace("$", "$$")


def _replacement(mark: re.Match[str], environ: Mapping[str, str]) -> str:
    if mark.group() == "$$":
        return "$"
    body = _BODY.fullmatch(mark["body"])
    if body is None or not mark["end"] or "${" in mark["body"]:
        raise InterpolationError(
            "what follows ${ is not a variable; expected ${VAR}, ${VAR:-default} or ${VAR:?message}, without"
            " another ${ inside, and $$ for a dollar sign"
        )
    return _value(environ.get(body["name"]), name=body["name"], form=body["form"], rest=body["rest"])


def _value(value: str | None, *, name: str, form: str | None, rest: str) -> str:
    if value or (value is not None and form is None):
        return value
    if form == ":-":
        return rest
    if form == ":?" and rest:
        raise InterpolationError(f"variable {name}: {rest}")
    state = "not set" if value is None else "empty"
    raise InterpolationError(f"variable {name} is {state}; set it, or give a default: ${{{name}:-...}}")

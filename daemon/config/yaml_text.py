"""JSON values as YAML that is read back as the same values, with a remark after each where one is wanted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from daemon.config.interpolation import InterpolationError, escape, interpolate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemon.config.errors import KeyPath

    Remark = Callable[[KeyPath], str]

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
"""What a reader of YAML, if not ours then another, takes for something else than text."""
_WIDTH = 100


def yaml_text(value: dict[str, Any], *, remark: Remark = lambda _: "") -> str:
    """Return a mapping as a YAML document.

    >>> print(yaml_text({"a": {"b": [1, 2]}, "c": "no"}, remark=lambda path: "default" if path == ("c",) else ""))
    a:
      b: [1, 2]
    c: "no"  # default
    """
    return "\n".join(_mapping(value, (), remark))


def literal(text: str) -> str:
    """Return a text that the loader, which resolves variables, reads as this one.

    >>> literal("^plant-.*$"), literal("${HOME}")
    ('^plant-.*$', '$${HOME}')
    """
    try:
        return text if interpolate(text, {}) == text else escape(text)
    except InterpolationError:
        return escape(text)


def literal_values(value: Any) -> Any:
    """Return JSON values with every text as the loader wants it, for a document in JSON, which is YAML too."""
    if isinstance(value, dict):
        return {key: literal_values(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [literal_values(item) for item in value]
    return literal(value) if isinstance(value, str) else value


def _mapping(value: dict[str, Any], path: KeyPath, remark: Remark) -> Iterator[str]:
    for key, entry in value.items():
        yield from _entry(f"{_text(key)}:", entry, (*path, key), remark)


def _entry(head: str, value: Any, path: KeyPath, remark: Remark) -> Iterator[str]:
    if isinstance(value, dict) and value:
        yield head
        yield from (f"  {line}" for line in _mapping(value, path, remark))
    elif isinstance(value, list) and not _fits(value):
        yield head
        for index, item in enumerate(value):
            yield from _item(item, (*path, index), remark)
    else:
        said = remark(path)
        yield f"{head} {_flow(value)}{f'  # {said}' if said else ''}"


def _item(value: Any, path: KeyPath, remark: Remark) -> Iterator[str]:
    if not isinstance(value, dict) or not value:
        yield f"  - {_flow(value)}"
        return
    for number, line in enumerate(_mapping(value, path, remark)):
        yield f"  {'  ' if number else '- '}{line}"


def _fits(items: list[Any]) -> bool:
    return not any(isinstance(item, dict) for item in items) and len(_flow(items)) < _WIDTH


def _flow(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_text(key)}: {_flow(entry)}' for key, entry in value.items())}}}"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _text(literal(value))
    return {"None": "null", "True": "true", "False": "false"}.get(str(value), repr(value))


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return f'"{"".join(map(_character, text))}"'


def _character(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08X}"

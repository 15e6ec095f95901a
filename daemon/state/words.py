"""Whatever may be a key in the value of an event that nobody can decode."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD = re.compile(rb"[0-9A-Za-z_]+")
_CELL = re.compile(rb"[^,;|\t\r\n\"']+")


def words(value: bytes) -> Iterator[bytes]:
    """Yield words, cells of separated values, texts and numbers of JSON.

    >>> {b"ann", b"ann@x.org"} <= set(words(b'{"who": "ann@x.org"}'))
    True
    """
    yield from _WORD.findall(value)
    yield from (cell.strip() for cell in _CELL.findall(value))
    try:
        yield from _leaves(orjson.loads(value))
    except (orjson.JSONDecodeError, RecursionError):
        return


def _leaves(value: Any) -> Iterator[bytes]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    elif value is not None:
        yield str(value).encode(errors="surrogateescape")

"""A number that is found again wherever it goes, as itself, in text, or within a value that holds it."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any

from prometheus_client.metrics_core import Metric
from pydantic import BaseModel

_DEPTH = 6
_COLLECTIONS = (list, tuple, set, frozenset)
_ITERATORS: tuple[type[Any], ...] = (
    type(iter([])),
    type(iter(())),
    type(iter({}.values())),
    type(iter({}.items())),
)


class Marker:
    """A number so unusual that whatever equals it is taken for it.

    A value holds it: a collection, a dataclass, a pydantic model, a partial, a metric with its samples. An object
    that has taken it into a state of its own uses it and does not hold it: there its way ends.

    >>> marker = Marker(8317)
    >>> [marker.within(value) for value in (8317.0, b"batch: 8317", "0.8317", {"learner": [8317]}, iter([1]))]
    [True, True, False, True, False]
    """

    def __init__(self, number: float) -> None:
        self._number = number
        self._text = re.compile(rf"(?<![\w.]){re.escape(repr(number))}(?![\w.])")
        self._bytes = re.compile(self._text.pattern.encode())

    def within(self, value: Any, *, depth: int = _DEPTH) -> bool:
        """Tell whether ``value`` is the number, or holds it at most so deep."""
        if isinstance(value, (int, float)):
            return value == self._number
        if isinstance(value, str):
            return self._text.search(value) is not None
        if isinstance(value, bytes):
            return self._bytes.search(value) is not None
        return depth > 0 and any(self.within(part, depth=depth - 1) for part in _parts(value))


def _parts(value: Any) -> tuple[Any, ...]:
    if isinstance(value, (BaseModel, Metric)):
        return tuple(vars(value).values())
    if isinstance(value, partial):
        return (value.args, value.keywords)
    if is_dataclass(value) and not isinstance(value, type):
        return tuple(getattr(value, field.name, None) for field in fields(value))
    if isinstance(value, Mapping):
        return (*value.keys(), *value.values())
    if isinstance(value, _ITERATORS):
        return tuple(copy.copy(value))  # who is to read the iterator still finds all of it
    return tuple(value) if isinstance(value, _COLLECTIONS) else ()

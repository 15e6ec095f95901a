"""Objects with one field replaced, where a dot in the name leads into a nested object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def replaced(event: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """Return the event with another value in a field that ``lookup`` finds; the event itself stays as it is.

    >>> replaced({"a": 1, "data": {"temp": 21.5, "unit": "C"}}, "data.temp", 0)
    {'a': 1, 'data': {'temp': 0, 'unit': 'C'}}
    >>> replaced({"data.temp": 21.5}, "data.temp", 0)
    {'data.temp': 0}
    """
    first, _, rest = name.partition(".")
    inner = event.get(first)
    if rest and isinstance(inner, dict) and _has(inner, rest):
        return {**event, first: replaced(inner, rest, value)}
    return {**event, name: value}


def _has(event: Mapping[str, Any], name: str) -> bool:
    first, _, rest = name.partition(".")
    if not rest or first not in event:
        return first in event and not rest
    return isinstance(event[first], dict) and _has(event[first], rest)

"""Fields of a JSON event by name, where a dot leads into an object or a list: ``data.temp``, ``acc.0``."""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

DEEPEST = 16  # levels of nesting that are searched for fields
PLACE = re.compile(r"0|[1-9][0-9]{0,8}")
"""A place in a list, from 0."""


def lookup(event: Mapping[str, Any], name: str) -> Any:
    """Return a field's value, None where it is absent; a dot leads inwards, or else belongs to a plain name.

    >>> lookup({"data": {"temp": 21.5}}, "data.temp"), lookup({"data.temp": 21.5}, "data.temp")
    (21.5, 21.5)
    >>> lookup({"acc": [0.1, 9.8]}, "acc.1"), lookup({"acc": [0.1, 9.8]}, "acc.2")
    (9.8, None)
    """
    value: Any = event
    for part in name.split("."):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and PLACE.fullmatch(part) and int(part) < len(value):
            value = value[int(part)]
        else:
            return event.get(name)
    return value


def leaves(event: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the names and values of all fields that are no objects, in their order.

    >>> leaves({"id": "a7", "data": {"temp": 21.5, "on": True}, "n": 3})
    [('id', 'a7'), ('data.temp', 21.5), ('data.on', True), ('n', 3)]
    """
    names = dict.fromkeys(_walk(event, prefix="", depth=1))
    return [(name, lookup(event, name)) for name in names]


def _walk(event: Mapping[str, Any], *, prefix: str, depth: int) -> Iterator[str]:
    for name, value in event.items():
        if isinstance(value, dict) and depth < DEEPEST:
            yield from _walk(value, prefix=f"{prefix}{name}.", depth=depth + 1)
        else:
            yield f"{prefix}{name}"


def reader(names: Sequence[str]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """Return a fast function from an event to the values of ``names``.

    It raises ``LookupError`` or ``TypeError`` where ``lookup`` might still find a value, or there is none.

    >>> reader(["data.temp", "n", "data.on"])({"data": {"temp": 21.5, "on": True}, "n": 3})
    (21.5, 3, True)
    """
    paths = [tuple(name.split(".")) for name in names]
    if all(len(path) == 1 for path in paths):
        return _tuple_getter(names)
    return _nested_reader(paths)


def _nested_reader(paths: Sequence[tuple[str, ...]]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    # One itemgetter for each inner object, then one that restores the order of the names.
    groups = {
        parent: [path for path in paths if path[:-1] == parent] for parent in {path[:-1]: 0 for path in paths}
    }
    order = [path for members in groups.values() for path in members]
    restore = _tuple_getter([order.index(path) for path in paths])
    steps = [(_way(parent), _inner_getter([path[-1] for path in members])) for parent, members in groups.items()]

    def read(event: dict[str, Any]) -> tuple[Any, ...]:
        values: tuple[Any, ...] = ()
        for way, getter in steps:
            values += getter(way(event))
        return restore(values)

    return read


def _way(parts: Sequence[str]) -> Callable[[Any], Any]:
    """Return a function from an event to the object or list that some parts of a name lead to."""
    if len(parts) == 1:
        return itemgetter(parts[0])
    either = [_either(part) for part in parts]

    def inner(event: Any) -> Any:
        for part, place in either:
            event = event[place if type(event) is list else part]
        return event

    return inner


def _either(part: str) -> tuple[str, Any]:
    """Return a part of a name as a key of an object, and as a place in a list; no list has what is no place."""
    return part, int(part) if PLACE.fullmatch(part) else part


def _inner_getter(parts: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    of_object = _tuple_getter(parts)
    if not all(map(PLACE.fullmatch, parts)):
        return of_object
    of_list = _tuple_getter([int(part) for part in parts])
    return lambda inner: of_list(inner) if type(inner) is list else of_object(inner)


def _tuple_getter(keys: Sequence[Any]) -> Callable[[Any], tuple[Any, ...]]:
    if not keys:
        return lambda _: ()
    if len(keys) == 1:
        only = itemgetter(keys[0])
        return lambda event: (only(event),)
    return itemgetter(*keys)

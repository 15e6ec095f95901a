"""Fields of a JSON event by name, where a dot leads into an object: ``data.temp``."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

DEEPEST = 16  # levels of nesting that are searched for numeric fields


def lookup(event: Mapping[str, Any], name: str) -> Any:
    """Return a field's value, None where it is absent; a dot leads inwards, or else belongs to a plain name.

    >>> lookup({"data": {"temp": 21.5}}, "data.temp"), lookup({"data.temp": 21.5}, "data.temp")
    (21.5, 21.5)
    """
    value: Any = event
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            return event.get(name)
        value = value[part]
    return value


def numeric_fields(event: Mapping[str, Any]) -> list[str]:
    """Return the names of all fields that hold a number or a boolean, in their order.

    >>> numeric_fields({"id": "a7", "data": {"temp": 21.5, "on": True}, "n": 3})
    ['data.temp', 'data.on', 'n']
    """
    names = dict.fromkeys(_walk(event, prefix="", depth=1))
    return [name for name in names if isinstance(lookup(event, name), (int, float))]


def _walk(event: Mapping[str, Any], *, prefix: str, depth: int) -> Iterator[str]:
    for name, value in event.items():
        if isinstance(value, dict) and depth < DEEPEST:
            yield from _walk(value, prefix=f"{prefix}{name}.", depth=depth + 1)
        elif isinstance(value, (int, float)):
            yield f"{prefix}{name}"


def reader(names: Sequence[str]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """Return a fast function from an event to the values of ``names``.

    It raises ``KeyError`` or ``TypeError`` where ``lookup`` might still find a value, or there is none.

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
    steps = [(parent, _tuple_getter([path[-1] for path in members])) for parent, members in groups.items()]

    def read(event: dict[str, Any]) -> tuple[Any, ...]:
        values: tuple[Any, ...] = ()
        for parent, getter in steps:
            inner = event
            for part in parent:
                inner = inner[part]
            values += getter(inner)
        return restore(values)

    return read


def _tuple_getter(keys: Sequence[Any]) -> Callable[[Any], tuple[Any, ...]]:
    if not keys:
        return lambda _: ()
    if len(keys) == 1:
        only = itemgetter(keys[0])
        return lambda event: (only(event),)
    return itemgetter(*keys)

"""Fields of Avro records that had other names before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def aliases_of(schema: Any) -> dict[str, frozenset[str]]:
    """Return the old names of all fields within a schema that have any, by their names now.

    >>> aliases_of({"type": "record", "name": "R", "fields": [{"name": "b", "type": "int", "aliases": ["a"]}]})
    {'b': frozenset({'a'})}
    """
    found: dict[str, frozenset[str]] = {}
    for each in _fields(schema):
        aliases = each.get("aliases")
        if isinstance(aliases, list):
            found[each["name"]] = found.get(each["name"], frozenset()) | frozenset(map(str, aliases))
    return found


def with_old_names(schema: Any, old: frozenset[str]) -> Any:
    """Return a schema in which the fields that were called one of these names are called so again.

    As a reader's schema it has the names of now as aliases, so that what was written is found.
    """
    if isinstance(schema, list):
        return [with_old_names(each, old) for each in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {
        part: with_old_names(each, old) if part in ("type", "items", "values") else each
        for part, each in schema.items()
    }
    if isinstance(schema.get("fields"), list):
        changed["fields"] = [_renamed(with_old_names(each, old), old) for each in schema["fields"]]
    return changed


def _renamed(each: Mapping[str, Any], old: frozenset[str]) -> Mapping[str, Any]:
    earlier = sorted(old & frozenset(map(str, each.get("aliases") or ())))
    return {**each, "name": earlier[0], "aliases": [each["name"]]} if earlier else each


def _fields(schema: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(schema, list):
        for each in schema:
            yield from _fields(each)
    elif isinstance(schema, dict):
        if isinstance(schema.get("fields"), list):
            yield from schema["fields"]
            yield from _fields(schema["fields"])
        for part in ("type", "items", "values"):
            yield from _fields(schema.get(part))

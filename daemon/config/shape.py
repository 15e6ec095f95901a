"""What the configuration allows at a place, read from the JSON Schema of the options that rule there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from pydantic.errors import PydanticInvalidForJsonSchema

from connectors.own.kind import OwnClassError
from daemon.config.components import UnknownTypeError, chosen_options
from daemon.config.label_words import target_as_label, type_of_label
from daemon.config.schema import Config
from daemon.config.values import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

    from daemon.config.errors import KeyPath
    from daemon.config.tables import Tables

_NOUNS = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
}
_BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
_NOTHING: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Shape:
    """A JSON Schema at some place, together with the definitions that it may refer to."""

    schema: dict[str, Any]
    definitions: dict[str, Any]

    @classmethod
    def of(cls, model: type[BaseModel]) -> Self:
        """Return the shape of a model; an empty one where it has no JSON Schema."""
        schema = _json_schema(model)
        return cls(schema, schema.get("$defs", {}))

    def branches(self) -> Iterator[dict[str, Any]]:
        """Return the alternatives, references followed."""
        schema = self.schema
        if "$ref" in schema:
            schema = self.definitions.get(schema["$ref"].rpartition("/")[2], {})
        alternatives = schema.get("anyOf") or schema.get("oneOf")
        if not alternatives:
            yield schema
        for alternative in alternatives or ():
            yield from Shape(alternative, self.definitions).branches()

    def child(self, part: str | int) -> Shape:
        """Return the shape of a mapping's entry or a list's item; an empty one where nothing is known."""
        for schema in self.branches():
            found = _entry(schema, part) if isinstance(part, str) else _item(schema, part)
            if isinstance(found, dict):
                return Shape(found, self.definitions)
        return Shape(_NOTHING, self.definitions)

    @property
    def keys(self) -> list[str]:
        """The keys that a mapping may have here."""
        return [key for schema in self.branches() for key in schema.get("properties", {})]

    @property
    def component(self) -> str:
        """The table out of which a component is chosen here, or nothing."""
        found = (schema.get("x-component", schema.get("x-options")) for schema in self.branches())
        return next((table for table in found if table), "")

    @property
    def description(self) -> str:
        """What the value means, as its option says."""
        return str(self.schema.get("description", ""))

    def words(self) -> str:
        """Return what is expected here, in plain words.

        >>> Shape({"type": "integer", "minimum": 1}, {}).words()
        'a whole number ≥ 1'
        """
        found = [self._phrase(schema) for schema in self.branches() if schema.get("type") != "null"]
        return " or ".join(dict.fromkeys(filter(None, found)))

    def _phrase(self, schema: dict[str, Any]) -> str:
        if "const" in schema:
            return _plain(schema["const"])
        if "enum" in schema:
            return f"one of {', '.join(map(_plain, schema['enum']))}"
        bounds = " and ".join(f"{sign} {schema[word]}" for word, sign in _BOUNDS.items() if word in schema)
        noun = _NOUNS.get(schema.get("type", ""), "")
        size = f"of {len(schema['prefixItems'])}" if "prefixItems" in schema else ""
        items = Shape(schema["items"], self.definitions).words() if schema.get("items") else ""
        pattern = f"matching {schema['pattern']}" if "pattern" in schema else ""
        return " ".join(filter(None, (noun, size, bounds, pattern, items and f"(each {items})")))


@cache
def _json_schema(model: type[BaseModel]) -> dict[str, Any]:
    try:
        return model.model_json_schema()
    except PydanticInvalidForJsonSchema:
        return {}


def _entry(schema: dict[str, Any], key: str) -> Any:
    return schema.get("properties", {}).get(key, schema.get("additionalProperties"))


def _item(schema: dict[str, Any], index: int) -> Any:
    fixed = schema.get("prefixItems", [])
    return fixed[index] if index < len(fixed) else schema.get("items")


def _plain(value: Any) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def shape_at(path: KeyPath, value: Any, tables: Tables) -> Shape:
    """Return the shape at a place of a file that holds ``value``; of a component, that of its options."""
    shape = Shape.of(Config)
    path, value = target_as_label(path, value)
    for part in path:
        shape = shape.child(part)
        value = value_at((part,), value)
        if shape.component:
            shape = _chosen(shape, value, tables)
    return shape


def _chosen(shape: Shape, value: Any, tables: Tables) -> Shape:
    if not isinstance(value, dict):
        return shape
    name = type_of_label(value) if shape.component == "label" else value.get("type")
    try:
        return Shape.of(chosen_options(name, shape.component, tables)) if name else shape
    except (UnknownTypeError, OwnClassError, TypeError):
        return shape

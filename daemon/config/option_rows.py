"""The options of a part of the configuration as rows of a table, read from its JSON Schema."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strategies.options import LIVE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Schema = Mapping[str, Any]

[MARK] = LIVE
_NULL = {"type": "null"}
# An underscore within a word is one in Markdown too.
_MARKUP = re.compile(r"[\\`*\[\]<>|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionRow:
    """One option, in Markdown."""

    key: str
    """The way to it, such as ``features.lags[].steps``."""
    value: str
    """Its type and range."""
    default: str
    """``required`` where there is none; empty where those of the options within it are the default."""
    meaning: str
    live: bool
    """Whether a reload takes up a new value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the rows are read from."""

    definitions: Schema
    """``$defs`` of the whole schema."""
    chapters: Mapping[str, str]
    """Name of a definition that is described in a chapter of its own, to the chapter's heading."""

    def rows(self, schema: Schema, *, prefix: str, live: bool = False) -> Iterator[OptionRow]:
        """Yield the options of an object, and after each those within it; the choice of a type is left out.

        All are ``live`` where the object is.
        """
        required = schema.get("required", ())
        for name, option in schema.get("properties", {}).items():
            if "const" in option and name == "type":
                continue
            marked = live or MARK in option
            yield OptionRow(
                key=prefix + name,
                value=self._value(option),
                default="required" if name in required else self._default(option),
                meaning=escaped(self._meaning(option)),
                live=marked,
            )
            for inner, suffix in self._within(option):
                yield from self.rows(inner, prefix=f"{prefix}{name}{suffix}.", live=marked)

    def _value(self, option: Schema) -> str:
        kinds = [self._kind(each) for each in alternatives(option) if each != _NULL or option.get("default")]
        return " or ".join(dict.fromkeys(kinds))

    def _kind(self, schema: Schema) -> str:
        if "$ref" in schema:
            name = reference(schema)
            return f"[{self.chapters[name]}](#{self.chapters[name]})" if name in self.chapters else "mapping"
        if "const" in schema:
            return f"`{schema['const']}`"
        if "enum" in schema:
            return ", ".join(f"`{word}`" for word in schema["enum"])
        kind = _type(schema)
        if kind == "array":
            return f"list of {self._items(schema)}"
        return {"object": "mapping", "string": _text(schema), "boolean": "`true` or `false`"}.get(
            kind, f"{kind} {bounds(schema)}".strip()
        )

    def _items(self, schema: Schema) -> str:
        if "prefixItems" in schema:
            return f"{len(schema['prefixItems'])} {self._kind(schema['prefixItems'][0])}".replace(
                "number", "numbers"
            )
        return " or ".join(self._kind(each) for each in alternatives(schema["items"]))

    def _default(self, option: Schema) -> str:
        value = option.get("default", {})
        if isinstance(value, dict):
            return f"`{{type: {value['type']}}}`" if "type" in value else ""
        return f"`{_yaml(value)}`"

    def _meaning(self, option: Schema) -> str:
        said: str = option.get("description", "")
        return said or next((self.definitions[name]["description"] for name in references(option)), "")

    def _within(self, option: Schema) -> Iterator[tuple[Schema, str]]:
        for each in alternatives(option):
            for schema, suffix in _itself_and_within(each):
                if "$ref" in schema and reference(schema) not in self.chapters:
                    yield self.definitions[reference(schema)], suffix


def alternatives(schema: Schema) -> list[Schema]:
    """Return the schemas of which one has to fit: those of ``anyOf``, or the schema itself.

    >>> alternatives({"anyOf": [{"type": "string"}, {"type": "null"}]})
    [{'type': 'string'}, {'type': 'null'}]
    """
    return list(schema.get("anyOf", [schema]))


def reference(schema: Schema) -> str:
    """Return the name of the definition that a schema refers to."""
    name: str = schema["$ref"].removeprefix("#/$defs/")
    return name


def references(option: Schema) -> Iterator[str]:
    """Yield the names of the definitions that an option refers to, itself or as a list."""
    for each in alternatives(option):
        yield from (reference(schema) for schema in (each, *_item_alternatives(each)) if "$ref" in schema)


def bounds(schema: Schema) -> str:
    """Return the range of a number.

    >>> bounds({"minimum": 1, "maximum": 65536}), bounds({"exclusiveMinimum": 0}), bounds({})
    ('from 1 to 65,536', 'above 0', '')
    >>> bounds({"minimum": 0, "exclusiveMaximum": 1})
    'from 0, below 1'
    """
    words = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to", "exclusiveMaximum": "below"}
    parts = [f"{word} {_number(schema[limit])}" for limit, word in words.items() if limit in schema]
    return (" " if "maximum" in schema and len(parts) > 1 else ", ").join(parts)


def escaped(text: str) -> str:
    r"""Return a description as it stands in a table's cell: what Markdown would take for markup is escaped.

    >>> print(escaped("ssl_* and |v| of max_rows"), escaped("__other__; ``[]``: none"))
    ssl\_\* and \|v\| of max_rows \_\_other\_\_; `[]`: none
    """
    prose, *rest = " ".join(text.split()).split("``", 2)
    marked = _MARKUP.sub(r"\\\g<0>", prose)
    return f"{marked}`{rest[0]}`{escaped(rest[1])}" if rest else marked


def _itself_and_within(schema: Schema) -> Iterator[tuple[Schema, str]]:
    """Yield a schema, those of its items and that of its values by name, and how each is reached."""
    yield schema, ""
    yield from ((item, "[]") for item in _item_alternatives(schema))
    if isinstance(named := schema.get("additionalProperties"), dict):
        yield named, ".NAME"


def _item_alternatives(schema: Schema) -> list[Schema]:
    return alternatives(schema["items"]) if "items" in schema else []


def _type(schema: Schema) -> str:
    """Return the type that is meant: any number may also be written as text, which says nothing to a reader."""
    kinds = schema.get("type", "anything")
    kind: str = kinds[0] if isinstance(kinds, list) else kinds
    return kind


def _text(schema: Schema) -> str:
    if schema.get("format") == "date-time":
        return "time"
    longest = schema.get("maxLength")
    return (
        "text" if longest is None else "one character" if longest == 1 else f"text of at most {longest} characters"
    )


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _yaml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    return value if isinstance(value, str) and value.strip() else json.dumps(value).removesuffix(".0")

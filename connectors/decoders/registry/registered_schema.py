"""A schema as a registry has it, with those that it refers to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connectors.decoders.registry.registry_client import RegistryClient
    from connectors.decoders.registry.wire_format import SchemaKey

MOST_REFERENCES = 256


class UnusableSchemaError(ValueError):
    """The registry's schema is not one that values can be read with; the message says why."""


@dataclass(frozen=True, slots=True)
class RegisteredSchema:
    """A schema's text, and those that it refers to by name, each before those that refer to it."""

    text: str
    kind: str
    """AVRO, PROTOBUF or JSON."""
    references: Mapping[str, str] = field(default_factory=dict)


def registered_schema(client: RegistryClient, key: SchemaKey) -> RegisteredSchema:
    """Ask for a schema and for all that it refers to, by whatever many steps.

    Raises ``NotInRegistryError``, ``DecoderUnavailableError`` and ``UnusableSchemaError``.
    """
    answer = client.get(f"/schemas/ids/{key}" if isinstance(key, int) else f"/schemas/guids/{key}")
    found: dict[str, str] = {}
    for name, text in _referred(client, answer, set()):
        found.setdefault(name, text)
    return RegisteredSchema(_text(answer), str(answer.get("schemaType") or "AVRO"), found)


def _referred(
    client: RegistryClient, answer: Mapping[str, Any], seen: set[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    for name, subject, version in _references(answer):
        if (subject, version) in seen:
            continue
        seen.add((subject, version))
        if len(seen) > MOST_REFERENCES:
            raise UnusableSchemaError(f"it refers to more than {MOST_REFERENCES} others")
        other = client.get(f"/subjects/{quote(subject, safe='')}/versions/{quote(version, safe='')}")
        yield from _referred(client, other, seen)
        yield name, _text(other)


def _references(answer: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    try:
        return [
            (str(each["name"]), str(each["subject"]), str(each["version"]))
            for each in answer.get("references") or ()
        ]
    except (KeyError, TypeError) as error:
        raise UnusableSchemaError("the registry's answer refers to others in an unknown way") from error


def _text(answer: Mapping[str, Any]) -> str:
    text = answer.get("schema")
    if not isinstance(text, str):
        raise UnusableSchemaError("the registry's answer holds no schema")
    return text

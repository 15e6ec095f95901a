"""Avro: schemas as fastavro reads with them."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import fastavro
from fastavro.schema import SchemaParseException

from connectors.decoders.envelope import RejectedError
from connectors.decoders.registry.avro_aliases import aliases_of, with_old_names
from connectors.decoders.registry.registered_schema import UnusableSchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.decoders.registry.registered_schema import RegisteredSchema
    from connectors.decoders.registry.wire_format import Framed

_UNREADABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What fastavro raises for bytes that were written with another schema."""


@dataclass(frozen=True, slots=True)
class AvroSchema:
    """A schema, and those by which it's read under the names of old."""

    text: Any
    references: Mapping[str, str]
    parsed: Any
    aliases: Mapping[str, frozenset[str]]
    """Names that a field had before, by its name now."""
    renamed: dict[frozenset[str], Any] = field(default_factory=dict)
    """The same schema with some old names, parsed; by those names."""


class AvroLanguage:
    """Compiles and reads Avro; see the specification, "Schema Resolution" and "Aliases"."""

    def compiled(self, registered: RegisteredSchema) -> AvroSchema:
        """Return a schema to read with; raise ``UnusableSchemaError``."""
        if registered.kind != "AVRO":
            raise UnusableSchemaError(f"it is {registered.kind}, not Avro")
        try:
            text = json.loads(registered.text)
            parsed = _parsed(text, registered.references)
        except (SchemaParseException, RecursionError, LookupError, TypeError, ValueError) as error:
            raise UnusableSchemaError(f"it is not an Avro schema ({type(error).__name__})") from error
        return AvroSchema(text, registered.references, parsed, aliases_of(text))

    def read(self, value: Framed, *, writer: AvroSchema, reader: AvroSchema | None, wanted: frozenset[str]) -> Any:
        """Return the datum, as ``reader`` has it; else as it was written, but for fields wanted by an old name."""
        source = io.BytesIO(value.value)
        read_as = _under_old_names(writer, wanted) if reader is None else reader.parsed
        try:
            datum = fastavro.schemaless_reader(source, writer.parsed, read_as)
        except _UNREADABLE:
            raise RejectedError(
                "decode",
                "undecodable",
                "The value doesn't follow the Avro schema that it names, or that it's read as.",
            ) from None
        if source.tell() != len(value.value):
            raise RejectedError("decode", "undecodable", "The value goes on behind the Avro record.")
        return datum


def _under_old_names(writer: AvroSchema, wanted: frozenset[str]) -> Any:
    """Return the schema to read as, None for the writer's own."""
    if not writer.aliases:
        return None
    leaves = {name.rpartition(".")[2] for name in wanted}
    old = frozenset(
        alias
        for name, aliases in writer.aliases.items()
        if name not in leaves
        for alias in sorted(aliases & leaves)[:1]
    )
    if not old:
        return None
    if old not in writer.renamed:
        writer.renamed[old] = _parsed(with_old_names(writer.text, old), writer.references)
    return writer.renamed[old]


def _parsed(text: Any, references: Mapping[str, str]) -> Any:
    named: dict[str, Any] = {}
    for other in references.values():
        fastavro.parse_schema(json.loads(other), named_schemas=named)
    return fastavro.parse_schema(text, named_schemas=named)

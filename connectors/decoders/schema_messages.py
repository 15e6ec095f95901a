"""Base of the decoders whose messages name a schema of a registry, behind Confluent's wire format."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from connectors.decoder import DecoderUnavailableError
from connectors.decoders.envelope import RejectedError
from connectors.decoders.messages.message_decoder import MessageDecoder
from connectors.decoders.registry.registry_client import RegistryClient
from connectors.decoders.registry.schema_cache import SchemaCache
from connectors.decoders.registry.wire_format import framed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from connectors.decoders.registry.registered_schema import RegisteredSchema
    from connectors.decoders.registry.wire_format import Framed, SchemaKey
    from connectors.decoders.schema_options import SchemaOptions
    from connectors.record import Record

Schema = TypeVar("Schema")


class SchemaLanguage(Protocol[Schema]):
    """What Avro and Protobuf each know about their schemas."""

    def compiled(self, registered: RegisteredSchema) -> Schema:
        """Return a schema to read with; raise ``UnusableSchemaError``."""

    def read(self, value: Framed, *, writer: Schema, reader: Schema | None, wanted: frozenset[str]) -> Any:
        """Return what a value says that was written with ``writer``, as ``reader`` has it where there is one.

        ``wanted`` are the fields that are looked for. Raises ``RejectedError``.
        """


class SchemaMessages(MessageDecoder, Generic[Schema]):
    """Decodes messages by the schemas that they name.

    A registry that can't be reached rejects nothing: ``prepare`` says so, and the stream waits as for a broker.
    """

    def __init__(
        self,
        options: SchemaOptions,
        language: SchemaLanguage[Schema],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._schemas = SchemaCache(RegistryClient(options.registry), language.compiled)
        self._reader_id = options.reader_schema_id
        super().__init__(
            options, SchemaFormat(self._schemas, language, reader_id=options.reader_schema_id), clock=clock
        )

    def prepare(self, records: Sequence[Record]) -> None:
        """Get the schemas of these records; raise ``DecoderUnavailableError`` where that can't be done now."""
        self._schemas.prepare(self._needed(records))
        if self._reader_id is not None:
            try:
                self._schemas.get(self._reader_id)
            except RejectedError as error:
                raise DecoderUnavailableError(f"decoder.reader_schema_id: {error}") from error

    def _needed(self, records: Sequence[Record]) -> Iterator[SchemaKey]:
        for record in records:
            if record.value is not None:
                with suppress(RejectedError):
                    yield framed(record.value, record).schema


class SchemaFormat(Generic[Schema]):
    """Reads values by the schema that each names."""

    def __init__(
        self, schemas: SchemaCache[Schema], language: SchemaLanguage[Schema], *, reader_id: int | None
    ) -> None:
        self._schemas = schemas
        self._language = language
        self._reader_id = reader_id

    def read(self, value: bytes, record: Record, *, wanted: frozenset[str]) -> Any:
        """Return what the value says; raise ``RejectedError``."""
        found = framed(value, record)
        reader = None if self._reader_id is None else self._schemas.get(self._reader_id)
        writer = self._schemas.get(found.schema)
        return self._language.read(found, writer=writer, reader=reader, wanted=wanted)

"""The options of the decoders whose messages name a schema of a registry."""

from __future__ import annotations

from pydantic import Field

from connectors.decoders.message_options import MessageOptions
from connectors.decoders.registry.registry_options import RegistryOptions


class SchemaOptions(MessageOptions):
    """Base of the options of the decoders that ask a schema registry."""

    registry: RegistryOptions = Field(description="Where the schemas are.")
    reader_schema_id: int | None = Field(
        None,
        ge=0,
        description="Id of the schema that events are read as, whichever they were written with: it says what a"
        " field is called, and what counts where an event lacks one. By default each event is read as it was"
        " written.",
    )

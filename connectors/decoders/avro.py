"""Events in Avro, by the schemas of a registry."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import model_validator

from connectors.decoders.schema_messages import SchemaMessages
from connectors.decoders.schema_options import SchemaOptions
from connectors.optional import require_installed

if TYPE_CHECKING:
    from collections.abc import Callable


class AvroOptions(SchemaOptions):
    """Avro records behind a schema registry's id; needs retaind[avro].

    A field that was renamed is known by its old name where the new schema gives that as an alias.
    """

    type: Literal["avro"] = "avro"

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        require_installed("fastavro", extra="avro")
        return self


class AvroMessages(SchemaMessages[Any]):
    """Decodes Avro; logical types are the numbers and moments that the specification says."""

    Options: ClassVar[type[AvroOptions]] = AvroOptions

    def __init__(self, options: AvroOptions, *, clock: Callable[[], float] = time.time) -> None:
        from connectors.decoders.registry.avro_language import AvroLanguage  # noqa: PLC0415 - not all install it

        super().__init__(options, AvroLanguage(), clock=clock)

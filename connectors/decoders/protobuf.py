"""Events in Protobuf, by the schemas of a registry."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import model_validator

from connectors.decoders.schema_messages import SchemaMessages
from connectors.decoders.schema_options import SchemaOptions
from connectors.optional import require_installed

if TYPE_CHECKING:
    from collections.abc import Callable


class ProtobufOptions(SchemaOptions):
    """Protobuf messages behind a schema registry's id; needs retaind[protobuf].

    A field without presence that isn't sent is 0, false or empty, as proto3 has it; one with presence is null.
    """

    type: Literal["protobuf"] = "protobuf"

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        require_installed("google.protobuf", "protoxy", extra="protobuf")
        return self


class ProtobufMessages(SchemaMessages[Any]):
    """Decodes Protobuf; fields have the names that the schema gives them, not those of Protobuf's JSON."""

    Options: ClassVar[type[ProtobufOptions]] = ProtobufOptions

    def __init__(self, options: ProtobufOptions, *, clock: Callable[[], float] = time.time) -> None:
        from connectors.decoders.registry.protobuf_language import (  # noqa: PLC0415 - not all install it
            ProtobufLanguage,
        )

        super().__init__(options, ProtobufLanguage(), clock=clock)

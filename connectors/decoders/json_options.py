"""The options of the JSON decoder."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connectors.decoders.message_options import MessageOptions


class JsonOptions(MessageOptions):
    """One JSON object per event (RFC 8259); a dot in a field's name leads into a nested object: data.temp."""

    type: Literal["json"] = "json"
    registry_header: bool = Field(
        False,
        description="Whether the JSON stands behind a schema registry's magic byte and id, as the JSON Schema"
        " serializers write it; the registry is not asked.",
    )

    @property
    def plain(self) -> bool:
        """Whether a message is an event, and nothing but JSON."""
        return self.envelope is None and self.explode is None and not (self.registry_header or self.decimals)

"""The options of the JSON decoder."""

from __future__ import annotations

from typing import Literal

from connectors.decoders.tabular_options import TabularOptions


class JsonOptions(TabularOptions):
    """One JSON object per event (RFC 8259); a dot in a field's name leads into a nested object: data.temp."""

    type: Literal["json"] = "json"

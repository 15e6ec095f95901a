"""The decoder of events that come from Python, whatever form they have on a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.decoders.json_options import JsonOptions
from connectors.decoders.tabular_options import TabularOptions
from connectors.files.sink_options import FilePredictionsOptions

if TYPE_CHECKING:
    from daemon.config.schema import Config


def python_decoder(config: Config) -> Config:
    """Return the configuration with predictions kept, and its fields decoded from Python's events.

    What a decoder of named fields says of them stays; what it says of the bytes around them (an envelope, a
    separator, a registry) means nothing here. Raises ``ConfigError`` where the decoder knows no names.
    """
    decoder = config.decoder
    if not isinstance(decoder, TabularOptions):
        raise config.error(
            ("decoder", "type"), f"{decoder.type} has no named fields, which events from Python have; use json"
        )
    kept = {
        name: getattr(decoder, name) for name in TabularOptions.model_fields if name in decoder.model_fields_set
    }
    plain = JsonOptions(**kept | {"type": "json"})
    # Whether anything is published decides whether predictions are kept at all; nothing is written.
    return config.model_copy(update={"decoder": plain, "predictions": FilePredictionsOptions(path="(python)")})

"""From a configuration to what decodes a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors import DECODERS
from connectors.decoders.tabular_options import TabularOptions
from daemon.config.components import resolve

if TYPE_CHECKING:
    from connectors.decoder import Decoder
    from daemon.config.schema import Config


def build_decoder(config: Config, options: Any) -> Decoder:
    """Return the decoder of these options, which also reads the fields of categories.

    Raises ``ConfigError`` where it can't, or a field is something else as well.
    """
    categories = config.features.categories
    if categories:
        for field in categories:
            _require_free(config, options, field)
        options = options.with_cells(categories)
    decoder: Decoder = resolve(options.type, DECODERS)(options)
    return decoder


def _require_free(config: Config, options: Any, field: str) -> None:
    path = ("features", "categories", field)
    if not isinstance(options, TabularOptions):
        raise config.error(path, f"the decoder {options.type} has no named fields; remove it")
    if field in options.named:
        raise config.error(path, "the decoder has this field as label, task, key or time already; name another one")
    if field in (options.features or ()):
        raise config.error(path, "decoder.features has this field as a number already; remove one of the two")

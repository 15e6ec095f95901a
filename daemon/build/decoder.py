"""From a configuration to what decodes a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors import DECODERS
from connectors.decoders.tabular_options import TabularOptions
from daemon.config.components import resolve
from daemon.config.errors import ConfigError

if TYPE_CHECKING:
    from connectors.decoder import Decoder
    from daemon.config.schema import Config


def build_decoder(config: Config, options: Any) -> Decoder:
    """Return the decoder of these options, which also reads the fields of categories."""
    wanted = [name for name in config.features.categories if name not in getattr(options, "cells", ())]
    return decoder_of(options.with_cells([*options.cells, *wanted]) if wanted else options)


def decoder_of(options: Any) -> Decoder:
    """Return the decoder of these options, as they are."""
    decoder: Decoder = resolve(options.type, DECODERS)(options)
    return decoder


def require_categories(config: Config) -> None:
    """Raise ``ConfigError`` where a decoder can't read the fields of categories, or has them as something else."""
    decoders = [config.decoder] if config.reference is None else [config.decoder, config.reference.decoder]
    problems = [
        problem
        for field in config.features.categories
        for options in decoders
        if options is not None and (why := _conflict(options, field))
        for problem in config.error(("features", "categories", field), why).problems
    ]
    if problems:
        raise ConfigError(problems)


def _conflict(options: Any, field: str) -> str:
    if not isinstance(options, TabularOptions):
        return f"the decoder {options.type} has no named fields; remove it"
    if field in options.named:
        return "the decoder has this field as label, task, key or time already; name another one"
    if field in (options.features or ()):
        return "decoder.features has this field as a number already; remove one of the two"
    return ""

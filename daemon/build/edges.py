"""From a configuration to where events come from and where results go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors import DEAD_LETTERS, DECODERS, PREDICTIONS, SOURCES
from connectors.decoder import PreparingDecoder
from daemon.build.later_labels import with_label_topic
from daemon.config.components import resolve
from daemon.loop.waiting_source import WaitingSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connectors.record import Record
    from connectors.sink import DeadLetters, Predictions
    from connectors.source import Source
    from daemon.config.schema import Config


def build_source(config: Config) -> Source:
    """Return the configured source, not yet opened; it brings labels of a topic of their own along."""
    return build_source_of(with_label_topic(config))


def build_source_of(options: Any) -> Source:
    """Return a source of these options, not yet opened."""
    source: Source = resolve(options.type, SOURCES)(options)
    return source


def waiting_for_decoder(source: Source, options: Any, *, prepare: Callable[[Sequence[Record]], None]) -> Source:
    """Return a source whose records wait for what the decoder of these options needs, if it needs anything."""
    decoder = resolve(options.type, DECODERS)
    needs = isinstance(decoder, type) and issubclass(decoder, PreparingDecoder)
    return WaitingSource(source, prepare=prepare) if needs else source


def build_dead_letters(config: Config) -> DeadLetters | None:
    """Return the configured dead letters, None where there are none."""
    options = config.dead_letters
    return None if options is None else resolve(options.type, DEAD_LETTERS)(options)


def build_predictions(config: Config) -> Predictions | None:
    """Return the configured sink of predictions, None where there is none."""
    options = config.predictions
    return None if options is None else resolve(options.type, PREDICTIONS)(options)

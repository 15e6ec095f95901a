"""From a configuration to what makes rows of records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.decoders.number_text import NumberText
from connectors.decoders.tabular_options import TabularOptions
from connectors.decoders.value_meaning import ValueMeaning
from connectors.decoders.value_options import ValueOptions
from connectors.record import readable
from daemon.build.decoder import build_decoder
from daemon.intake.labels.options import NumberLabel
from daemon.intake.origins import Origins
from daemon.intake.row_maker import RowMaker

RANGED = frozenset({"uint8", "uint4"})
"""Forms of storage that keep values within a declared range."""

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connectors.record import Record
    from daemon.config.schema import Config
    from daemon.intake.features.categories import Categories
    from daemon.intake.labels.encoder import LabelEncoder


def build_rows(
    config: Config,
    decoder: Any,
    *,
    labels: LabelEncoder,
    origins: Origins,
    categories: Categories,
    examples: Callable[[Sequence[Record]], Sequence[Record]] = readable,
    later_labels: bool = False,
) -> RowMaker:
    """Return what makes rows of records as a decoder's options say."""
    known = decoder if isinstance(decoder, ValueOptions) else None
    return RowMaker(
        build_decoder(config, decoder),
        features=config.features,
        label=config.label,
        labels=labels,
        categories=categories,
        origins=origins,
        missing="reject" if known is None else known.missing,
        meaning=None if known is None else ValueMeaning(known, number_text=number_text(decoder)),
        first_events=1 if known is None or not known.looks_first else known.first_events,
        later_labels=later_labels,
        examples=examples,
    )


def build_origins(config: Config) -> Origins:
    """Return what values are taken from.

    That is 0 where their scale is not learned, or was learned without any, and where rows are kept in a range that
    is declared for values as they come.
    """
    pretrained = getattr(config.model, "pretrained", None)
    label = config.label
    kept = {getattr(each, "storage", None) for each in (*config.strategies, config.reference)}
    return Origins(
        features=config.learner.standardise and pretrained is None and kept.isdisjoint(RANGED),
        label=isinstance(label, NumberLabel) and label.standardise and pretrained is None,
    )


def number_text(decoder: Any) -> NumberText:
    """Return what reads numbers that are written as text, by a decoder's options."""
    if isinstance(decoder, TabularOptions):
        return NumberText(decimal=decoder.decimal, thousands=decoder.thousands)
    return NumberText()

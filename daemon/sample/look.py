"""A look at a stream: a sample of it, its fields, and what would become of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.build.edges import build_source_of
from daemon.sample.events import READERS, columns, read_events
from daemon.sample.profile import profile
from daemon.sample.sampling import MOST_READ, WAIT_SECONDS, take_sample, to_look_at
from daemon.sample.trial import try_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.record import Record
    from daemon.config.schema import Config
    from daemon.sample.field_profile import FieldProfile
    from daemon.sample.sampling import Sample
    from daemon.sample.trial import Trial

ROWS = 20_000
MOST_VALUES = 2_000_000
"""Values that are looked at one by one; of wide events there are fewer rows."""
_TYPED = frozenset({"json"})
"""Decoders whose format tells numbers from text."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen."""

    config: Config
    sample: Sample
    fields: Mapping[str, FieldProfile]
    """By name, in the order in which they first come; none where the format has no named fields."""
    trial: Trial


def look_at(config: Config, *, rows: int = ROWS, most: int = MOST_READ, wait_seconds: float = WAIT_SECONDS) -> Look:
    """Read some of the configured stream, and see whether the configuration fits it; nothing is changed anywhere.

    Raises ``SourceDataError`` and ``SourceUnavailableError``.
    """
    source = build_source_of(to_look_at(config.source))
    sample = take_sample(source, rows=rows, most=most, wait_seconds=wait_seconds)
    return Look(
        config,
        sample=sample.with_headers(first_lines=getattr(config.decoder, "header", False)),
        fields=profiles(sample.records, config.decoder) if config.decoder.type in READERS else {},
        trial=try_out(config, sample.records),
    )


def profiles(records: Sequence[Record], decoder: object) -> dict[str, FieldProfile]:
    """Return what each field holds, by its name; ``decoder`` are the options of one in ``READERS``."""
    events = read_events(records, decoder)
    width = max((len(event) for event in events[:100]), default=1)
    shown = events[:: max(1, len(events) * width // MOST_VALUES)]
    typed = getattr(decoder, "type", "") in _TYPED
    return {name: profile(name, values, typed=typed) for name, values in columns(shown).items()}

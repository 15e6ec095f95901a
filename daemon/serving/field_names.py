"""What the tensors of a request are called: as the fields of an event are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectors.decoders.envelope_options import TimeUnit

MATRIX = "features"
"""All numeric fields in one tensor."""


@dataclass(frozen=True, slots=True)
class FieldNames:
    """Names of the fields that are no features; those that the decoder has, or else ``key``, ``time``, ``task``."""

    key: str
    time: str
    task: str
    label: str | None
    time_unit: TimeUnit

    @classmethod
    def of(cls, decoder: Any) -> FieldNames:
        """Return those of a decoder's options, which may be a user's own."""
        time = getattr(decoder, "time", None)
        return cls(
            key=getattr(decoder, "key", None) or "key",
            time=time or "time",
            task=getattr(decoder, "task", None) or "task",
            label=getattr(decoder, "label", None),
            time_unit=decoder.time_unit if time else "seconds",
        )

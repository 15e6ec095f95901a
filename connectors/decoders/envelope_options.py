"""The options of every decoder: where label, task, key and time are, and how large a payload may be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import Field

from connectors.options import Options

TimeUnit = Literal["seconds", "milliseconds", "microseconds", "nanoseconds", "iso"]


class EnvelopeOptions(Options):
    """Base of the options of the decoders: where everything is that is not a feature."""

    label: str | None = Field(None, description="Field that holds the label; without it, events are unlabelled.")
    task: str | None = Field(None, description="Field that holds the task's name; an event without it is rejected.")
    key: str | None = Field(None, description="Field that holds the event's key; by default the record's key.")
    time: str | None = Field(
        None, description="Field that holds the event's time; by default the record's timestamp."
    )
    time_unit: TimeUnit = Field(
        "seconds",
        description="Format of the time field: a number since 1970 in this unit, or ISO 8601 text (UTC where it"
        " names no zone).",
    )
    earliest_time: datetime | None = Field(
        datetime(1971, 1, 1, tzinfo=UTC),
        description="Times before this are implausible, by default in 1970 and before, where clocks that were not"
        " set and wrong units lie; null: none are.",
    )
    max_ahead_seconds: float | None = Field(
        86_400.0,
        ge=0,
        description="Times further ahead are implausible: of the record's own timestamp, or of the present where it"
        " has none; null: none are.",
    )
    implausible_time: Literal["reject", "clamp"] = Field(
        "reject",
        description="Reject an event whose time is implausible; or let it have the record's timestamp, or else the"
        " newest plausible time before it (clamp).",
    )
    max_bytes: int = Field(
        1_048_576, ge=1, description="Maximum size of a payload; a larger one is rejected as too_large."
    )

    @property
    def named(self) -> frozenset[str]:
        """The fields that are something else than a feature."""
        return frozenset(name for name in (self.label, self.task, self.key, self.time) if name is not None)

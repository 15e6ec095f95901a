"""The options of what takes stock at consolidations."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from strategies.options import LIVE, Options


class ConsolidatingOptions(Options):
    """When a method consolidates."""

    every_events: Annotated[int, Field(ge=1)] | None = Field(
        50_000,
        description="Consolidate after this many events without a boundary; null: at boundaries only.",
        json_schema_extra=LIVE,
    )

"""The options of progressive columns."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from strategies.options import Options


class ProgressiveOptions(Options):
    """A column per task."""

    type: Literal["progressive"] = "progressive"
    max_columns: int = Field(
        8, ge=2, le=64, description="Columns made at the start; all later tasks share the last one."
    )

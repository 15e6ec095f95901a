"""The options of heads."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from strategies.options import Options


class HeadsOptions(Options):
    """One head per task."""

    type: Literal["heads"] = "heads"
    per: Literal["task"] = Field("task", description="What has a head of its own.")

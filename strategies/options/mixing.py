"""The options of mixing."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from strategies.options import LIVE, Options


class MixingOptions(Options):
    """Mixing in rows from before the stream, those of the reference that are not scored."""

    type: Literal["mixing"] = "mixing"
    share: float = Field(
        0.2,
        gt=0,
        lt=1,
        description="Fraction of mixed-in rows among the mixed-in and the fresh rows, on average.",
        json_schema_extra=LIVE,
    )

"""The options of freezing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from strategies.options import Options


class FreezeOptions(Options):
    """Layers that do not learn."""

    type: Literal["freeze"] = "freeze"
    layers: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description='Names of layers or parameters, such as ["0", "3.bias"]; * matches anything.'
    )

"""The options of a buffer of rows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ByteSize, Field, model_validator

from strategies.options import LIVE, Options

Policy = Literal["reservoir", "class_balanced", "task_balanced"]
DEFAULT_ROWS = 2000
Precision = Literal["float32", "float16", "uint8", "uint4"]


class BufferOptions(Options):
    """A bounded buffer of rows."""

    rows: Annotated[int, Field(ge=1)] | None = Field(
        None, description=f"Budget in rows; {DEFAULT_ROWS} unless bytes is given."
    )
    bytes: ByteSize | None = Field(None, description='Budget in bytes instead, such as "64MiB".')
    policy: Policy = Field(
        "reservoir",
        description="Which rows are kept: a uniform sample, or one balanced by class (not where the label is a"
        " number) or by task.",
    )
    storage: Precision = Field(
        "float32",
        description="Precision of stored features: 4, 2, 1 or half a byte per value. float16 knows where each"
        " column lies; uint8 and uint4 need a range.",
    )
    range: tuple[float, float] = Field(
        (0.0, 1.0), description="Range of the features, for uint8 and uint4; what lies outside is cut off."
    )
    batch: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="Rows rehearsed per step; as many as a micro-batch has by default.",
        json_schema_extra=LIVE,
    )

    @model_validator(mode="after")
    def _consistent(self) -> BufferOptions:
        if self.rows is not None and self.bytes is not None:
            raise ValueError("give the budget either in rows or in bytes")
        if self.range[0] >= self.range[1]:
            raise ValueError("range must be [low, high] with low < high")
        return self

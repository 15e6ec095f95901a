"""The options of the raw decoder."""

from __future__ import annotations

import math
from typing import Literal, Self

import numpy as np
from pydantic import Field, PositiveInt, model_validator

from connectors.decoders.envelope import LARGEST
from connectors.decoders.value_options import ValueOptions


class RawOptions(ValueOptions):
    """Little-endian numbers as payload; label, task, key and time name record headers, which hold UTF-8 text."""

    type: Literal["raw"] = "raw"
    dtype: Literal["uint8", "int8", "uint16", "int16", "int32", "float16", "float32", "float64"] = Field(
        description="Data type of the numbers."
    )
    shape: tuple[PositiveInt, ...] = Field(min_length=1, description="Shape of one event, such as [28, 28].")
    scale: float = Field(1.0, description="Factor applied to every number, such as 0.00392156862745098 for 1/255.")
    offset: float = Field(0.0, description="Constant added to every number after scaling.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.event_bytes > self.max_bytes:
            raise ValueError(
                f"an event of this shape has {self.event_bytes} bytes; raise max_bytes ({self.max_bytes})"
            )
        return self

    @property
    def event_bytes(self) -> int:
        """Size of one payload."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize

    @property
    def looks_first(self) -> bool:
        """Whether values may lie too far from zero for a float32: those of few bits do not."""
        return np.dtype(self.dtype).itemsize > 2 or abs(self.offset) > 2**16 * abs(self.scale)  # noqa: PLR2004

    @property
    def always_finite(self) -> bool:
        """Whether no payload can hold a number that is not finite once it is scaled."""
        dtype = np.dtype(self.dtype)
        return dtype.kind in "iu" and np.iinfo(dtype).max * abs(self.scale) + abs(self.offset) < LARGEST / 2

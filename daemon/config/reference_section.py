"""The section that says where the rows from before the stream are."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from connectors.options import Options as ConnectorOptions
from daemon.config.components import Component
from daemon.options import Section
from strategies.options.buffer import Precision


class ReferenceSection(Section):
    """Rows from before the stream, such as those that the model was pre-trained on; read once, then kept."""

    source: Annotated[ConnectorOptions, Component("source")] = Field(
        description="Source of the rows; read to its end when the daemon first starts, and never again."
    )
    decoder: Annotated[ConnectorOptions, Component("decoder")] | None = Field(
        None, description="How their bytes become features and label; the stream's decoder by default."
    )
    rows: int = Field(2_000, ge=1, description="Maximum rows kept: a uniform sample of what was read.")
    max_events: int = Field(1_000_000, ge=1, description="Maximum number of records to read.")
    probe_share: float = Field(
        0.5, ge=0, le=1, description="Fraction of the rows held out: scored at every evaluation, never trained on."
    )
    storage: Precision = Field(
        "float32",
        description="Precision of stored features: 4, 2, 1 or half a byte per value. float16 knows where each"
        " column lies; uint8 and uint4 need a range.",
    )
    range: tuple[float, float] = Field((0.0, 1.0), description="Range of the features, for uint8 and uint4.")
    wait_seconds: float = Field(
        60.0, gt=0, description="Exit with 69 when the source cannot be read for this long at the first start."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.range[0] >= self.range[1]:
            raise ValueError("range must be [low, high] with low < high")
        return self

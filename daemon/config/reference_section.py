"""The section that says where the rows of before the stream are."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from connectors.options import Options as ConnectorOptions
from daemon.config.components import Component
from daemon.options import Section
from strategies.precision import Precision


class ReferenceSection(Section):
    """Rows from before the stream, such as those that the model was pre-trained on; read once, then kept."""

    source: Annotated[ConnectorOptions, Component("source")] = Field(
        description="Where the rows are; read to its end when the daemon first starts, and never again."
    )
    decoder: Annotated[ConnectorOptions, Component("decoder")] | None = Field(
        None, description="How their bytes become features and label; as the stream's unless given."
    )
    rows: int = Field(2_000, ge=1, description="Rows kept, a uniform sample of what was read.")
    max_events: int = Field(1_000_000, ge=1, description="The most records to read.")
    probe_share: float = Field(
        0.5, ge=0, le=1, description="Share of the rows that is scored all along and never learned."
    )
    storage: Precision = Field("float32", description="How a feature is stored: in 4, 2, 1 or half a byte.")
    range: tuple[float, float] = Field((0.0, 1.0), description="Range of the features, for uint8 and uint4.")
    wait_seconds: float = Field(
        60.0, gt=0, description="Exit with 69 where the source cannot be read for so long at the first start."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.range[0] >= self.range[1]:
            raise ValueError("range must be [low, high] with low < high")
        return self

"""The section about answers to whoever asks."""

from __future__ import annotations

from pydantic import Field

from daemon.options import Section


class ServingSection(Section):
    """Predictions over HTTP, by the Open Inference Protocol, from a copy of the model beside the learning."""

    token_file: str | None = Field(
        None,
        description="File with the bearer token that requests carry: at least 16 characters, read at each request."
        " By default whoever reaches the port is answered.",
    )
    every_seconds: float = Field(
        1.0, gt=0, description="Minimum time between two copies of the model, from which requests are answered."
    )
    max_share: float = Field(
        0.02, gt=0, le=1, description="Maximum share of the loop's time that copies may take; they come later then."
    )
    max_rows: int = Field(1_024, ge=1, description="Maximum number of rows in one request.")
    max_bytes: int = Field(1_048_576, ge=1_024, description="Maximum size of a request's body.")
    max_per_second: float = Field(
        1_000.0, gt=0, description="Requests answered per second at most; those beyond are refused with 429."
    )
    max_concurrent: int = Field(
        16, ge=1, description="Requests in hand at a time at most; those beyond are refused with 503."
    )

"""The sections of the configuration file that belong to the daemon itself."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from daemon.options import Section, Share
from strategies.options import LIVE


class LearnerSection(Section):
    """How the model is updated."""

    batch: int = Field(
        32,
        ge=1,
        le=65_536,
        description="Consecutive events in one micro-batch, and so in one step.",
        json_schema_extra=LIVE,
    )
    linger_seconds: float | None = Field(
        None,
        gt=0,
        description="Learn a partial micro-batch after this long; never by default.",
        json_schema_extra=LIVE,
    )
    updates_per_batch: int = Field(
        1, ge=1, le=100, description="Steps on each micro-batch.", json_schema_extra=LIVE
    )
    updates_per_event: Annotated[float, Field(ge=0.001, le=100)] | None = Field(
        None,
        description="Instead: steps for each event learned, such as 3, or 0.25 for one step every fourth event.",
        json_schema_extra=LIVE,
    )
    updates_per_task: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="The most steps between two task boundaries; then the model only predicts until the next.",
        json_schema_extra=LIVE,
    )
    standardise: bool = Field(True, description="Scale every feature by its running mean and deviation.")
    clip_values: float | None = Field(
        100.0,
        gt=1,
        description="After 1,000 events a scaled value counts as at most so many deviations from its mean,"
        " so that one broken reading does not spoil a feature for good; null: without limit.",
        json_schema_extra=LIVE,
    )
    clip_norm: float | None = Field(
        None, gt=0, description="Clip the gradient to this Euclidean norm.", json_schema_extra=LIVE
    )
    averaging: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Predict by a running average of the weights, of which this remains at a step; such as 0.998.",
    )
    threads: int = Field(1, ge=1, le=256, description="Processor threads of torch.")

    @model_validator(mode="after")
    def _one_rate(self) -> Self:
        if self.updates_per_event is not None and "updates_per_batch" in self.model_fields_set:
            raise ValueError("give either updates_per_batch or updates_per_event")
        return self


class RetentionSection(Section):
    """How it is measured what the model still knows."""

    probe_share: Share = Field(
        0.02, description="Share of each task that is held out, never trained on, to score retention."
    )
    probe_rows: int = Field(500, ge=1, description="Rows kept in each task's probe set.")
    every_events: int = Field(
        10_000, ge=1, description="Score every task's probe set this often.", json_schema_extra=LIVE
    )
    window: int = Field(1_000, ge=1, description="Events in the windowed prequential score.")
    max_tasks: int = Field(32, ge=1, le=1_000, description="Tasks told apart; later ones share __other__.")
    max_boundaries: int = Field(512, ge=2, description="Rows of the retention matrix that are kept.")
    min_segment_events: int = Field(
        200,
        ge=1,
        description="A task must have lasted this long for its end to count as a boundary.",
        json_schema_extra=LIVE,
    )


class CheckpointSection(Section):
    """Where and how often the state is made durable."""

    directory: str = Field(description="The state directory; one process at a time may use it.")
    every_seconds: float = Field(
        30.0, gt=0, description="At most this long after the last one.", json_schema_extra=LIVE
    )
    every_events: int | None = Field(None, ge=1, description="Also after this many events.", json_schema_extra=LIVE)
    keep: int = Field(3, ge=1, le=1_000, description="Generations kept.", json_schema_extra=LIVE)
    tolerate_failures: int = Field(
        3,
        ge=0,
        description="So many in a row may fail while it learns on, each tried again when due; one more stops it.",
        json_schema_extra=LIVE,
    )


class RejectionsSection(Section):
    """What is done with events that cannot be learned from."""

    tolerate: bool = Field(
        True,
        description="Count them, keep them as dead letters and go on; false: stop.",
        json_schema_extra=LIVE,
    )
    max_share: Share = Field(
        0.5,
        description="Stop when more than this share of the last 1,000 events was rejected.",
        json_schema_extra=LIVE,
    )


class ControlSection(Section):
    """Requests that change the daemon: reload, checkpoint, consolidate, quit."""

    token_file: str = Field(
        description="A file with the token that is to be shown: at least 16 characters, read at each request."
    )


class HttpSection(Section):
    """The daemon's own server: /metrics, /livez, /readyz, /status."""

    host: str = Field("127.0.0.1", description="Loopback unless told otherwise.")
    port: int = Field(9464, ge=0, le=65_535, description="0 picks a free port and logs it.")
    web_config: str | None = Field(
        None, description="A file with TLS and users in the form that Prometheus' exporters take."
    )
    control: ControlSection | None = Field(
        None, description="Lets whoever has a token change the daemon over HTTP; nobody by default."
    )


class LogSection(Section):
    """What is logged to stderr, and how."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least that is shown of retaind's own messages.", json_schema_extra=LIVE
    )
    format: Literal["auto", "text", "json"] = Field("auto", description="auto: text on a terminal, else JSON.")

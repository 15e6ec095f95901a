"""The sections of the configuration file that belong to the daemon itself."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from daemon.config.budget_options import BudgetOptions
from daemon.options import Duration, Section, Share
from daemon.tasks.task_names import ALIVE_EVENTS
from strategies.options import LIVE

Ages = Literal["auto", "events", "time"]
WhenFull = Literal["merge_oldest", "other"]


class LearnerSection(Section):
    """How the model is trained."""

    batch: int = Field(
        32,
        ge=1,
        le=65_536,
        description="Consecutive events in one micro-batch, which are learned together.",
        json_schema_extra=LIVE,
    )
    linger_seconds: float | None = Field(
        None,
        gt=0,
        description="Learn a partial micro-batch once its first event has waited this long; never by default.",
        json_schema_extra=LIVE,
    )
    steps: Literal["auto", "fixed"] = Field(
        "fixed",
        description="auto: smaller micro-batches and more steps for the first 8,192 events, unless steps are set;"
        " fixed: the same from the first event on. auto by default where strategies are.",
    )
    updates_per_batch: int = Field(
        1, ge=1, le=100, description="Optimizer steps on each micro-batch.", json_schema_extra=LIVE
    )
    updates_per_event: Annotated[float, Field(ge=0.001, le=100)] | None = Field(
        None,
        description="Instead of updates_per_batch: optimizer steps for each event learned, such as 3, or 0.25 for"
        " one step every fourth event.",
        json_schema_extra=LIVE,
    )
    updates_per_task: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="Step budget: maximum optimizer steps between two task boundaries; once it is used up, the"
        " model only predicts until the next boundary. Unlimited by default.",
        json_schema_extra=LIVE,
    )
    standardise: bool = Field(True, description="Scale every feature by its running mean and standard deviation.")
    scale_half_life: int | None = Field(
        50_000,
        ge=1_000,
        description="Events after which an event counts half in the running means and standard deviations; null:"
        " all count alike for ever. What the model predicts does not change when they move.",
        json_schema_extra=LIVE,
    )
    clip_values: float | None = Field(
        20.0,
        gt=1,
        description="After 512 events, clip feature values to this many standard deviations from the mean, and"
        " leave those beyond out of the statistics unless they stay, so that a broken sensor does not spoil a"
        " feature; null: no clipping.",
        json_schema_extra=LIVE,
    )
    clip_norm: float | None = Field(
        None,
        gt=0,
        description="Clip the gradient to this Euclidean norm; no clipping by default. It does not bound the pull"
        " of an anchor (ewc, si, mas, l2sp), which comes after the step and never overshoots.",
        json_schema_extra=LIVE,
    )
    averaging: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Decay of an exponential moving average of the weights, which then predicts in their place,"
        " such as 0.998; none by default.",
    )
    threads: int = Field(1, ge=1, le=256, description="CPU threads that torch and numpy use.")

    @property
    def grows(self) -> bool:
        """Whether a young stream is learned in smaller micro-batches and more steps."""
        return self.steps == "auto" and not self.model_fields_set & {"updates_per_batch", "updates_per_event"}

    @model_validator(mode="after")
    def _one_rate(self) -> Self:
        if self.updates_per_event is not None and "updates_per_batch" in self.model_fields_set:
            raise ValueError("give either updates_per_batch or updates_per_event")
        return self


class RetentionSection(BudgetOptions):
    """How retention of past tasks is measured, and held."""

    probe_share: Share = Field(
        0.02, description="Fraction of each task's events held out, never trained on, to measure retention."
    )
    probe_rows: int = Field(500, ge=1, description="Maximum rows in each task's probe set.")
    age_rows: int = Field(
        200, ge=0, description="Maximum held-out rows kept of each age, to score what came long ago; 0: none."
    )
    ages: Ages = Field(
        "auto",
        description="What ages are counted in: event time, events, or event time where the first event has one"
        " (auto).",
    )
    max_age: Duration | None = Field(
        None,
        description="How long rows are remembered for rehearsal, estimates and probe sets, by event time, such as"
        " 90d: at each evaluation older ones go; null: as long as there is room.",
        json_schema_extra=LIVE,
    )
    every_events: int = Field(
        10_000,
        ge=1,
        description="Events between two evaluations on every task's probe set; boundaries are evaluated too.",
        json_schema_extra=LIVE,
    )
    window: int = Field(1_000, ge=1, description="Events in the windowed prequential score.")
    max_tasks: int = Field(
        32, ge=1, le=1_000, description="Maximum number of tasks told apart at a time; others share __other__."
    )
    when_full: WhenFull = Field(
        "merge_oldest",
        description="What a new task gets beyond max_tasks: the place of the one not seen for longest, which joins"
        " __other__ (merge_oldest), or none (other).",
    )
    alive_events: int = Field(
        ALIVE_EVENTS,
        ge=1,
        description="Events for which an unseen task keeps its place: a new one is in __other__ until then.",
    )
    boundary_events: int | None = Field(
        10_000,
        ge=1,
        description="Events between boundaries of the retention matrix where tasks by field or topic interleave and"
        " so have no others; null: none.",
    )
    max_boundaries: int = Field(
        512, ge=2, description="Rows kept of the retention matrix, one per boundary: the newest."
    )
    min_segment_events: int = Field(
        200,
        ge=1,
        description="Minimum consecutive events of a task for its end to count as a boundary.",
        json_schema_extra=LIVE,
    )


class CheckpointSection(Section):
    """Where and how often checkpoints are written."""

    directory: str = Field(description="State directory; only one process at a time may use it.")
    every_seconds: float = Field(
        30.0, gt=0, description="Maximum time between checkpoints while events come.", json_schema_extra=LIVE
    )
    every_events: int | None = Field(
        None, ge=1, description="Also write a checkpoint after this many events.", json_schema_extra=LIVE
    )
    keep: int = Field(
        3, ge=1, le=1_000, description="Number of checkpoint generations kept.", json_schema_extra=LIVE
    )
    tolerate_failures: Annotated[int, Field(ge=0)] | None = Field(
        None,
        description="Consecutive failed checkpoints tolerated before exit with 74; by default each is tried again,"
        " after pauses of up to a minute, for good.",
        json_schema_extra=LIVE,
    )


class RejectionsSection(Section):
    """What to do with events that cannot be learned from."""

    tolerate: bool = Field(
        True,
        description="Count rejected events, write them as dead letters and go on; false: exit with 65 at the"
        " first.",
        json_schema_extra=LIVE,
    )
    max_share: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Exit with 65 when more than this fraction of the last 1,000 events was rejected; 1: never.",
        json_schema_extra=LIVE,
    )


class ControlSection(Section):
    """Requests that change the daemon: reload, checkpoint, consolidate, quit."""

    token_file: str = Field(
        description="File with the bearer token that requests carry: at least 16 characters, read at each request."
    )


class TapSection(Section):
    """Events as they pass, for whoever has the token of http.control: see `retaind tap`."""

    redact: tuple[str, ...] = Field(
        (),
        description="Fields whose values are not shown: features of them, and label or task where they are those.",
    )
    max_per_second: float = Field(
        10.0, gt=0, le=1_000, description="Maximum number of events that are shown a second, whoever watches."
    )


class HttpSection(Section):
    """The daemon's HTTP server: its page, /metrics, /status, /livez and /readyz."""

    host: str = Field("127.0.0.1", description="Address to listen on; loopback by default.")
    port: int = Field(9464, ge=0, le=65_535, description="Port to listen on; 0 picks a free one and logs it.")
    web_config: str | None = Field(
        None,
        description="File with TLS settings and users, in the web configuration format of Prometheus exporters.",
    )
    server_names: tuple[str, ...] = Field(
        (),
        description="Names with a dot under which the server may be asked, such as retaind.example.org; addresses,"
        " names without a dot and the machine's own always may. With TLS or users any name may.",
    )
    max_connections: int = Field(
        128,
        ge=16,
        le=4_096,
        description="Connections at a time that have sent something; a further one replaces a silent one.",
    )
    control: ControlSection | None = Field(
        None, description="Lets whoever has the token change the daemon over HTTP; disabled by default."
    )
    tap: TapSection | None = Field(
        None,
        description="Lets whoever has the token of control watch events, with their values; disabled by default.",
    )

    @model_validator(mode="after")
    def _has_a_token(self) -> Self:
        if self.tap is not None and self.control is None:
            raise ValueError("tap shows events to whoever has the token of control: give control.token_file too")
        return self


class LogSection(Section):
    """What is logged to stderr, and how."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Minimum level of retaind's own messages.", json_schema_extra=LIVE
    )
    format: Literal["auto", "text", "json"] = Field("auto", description="auto: text on a terminal, else JSON.")

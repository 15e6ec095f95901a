"""Options of the drift detectors."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from daemon.options import Section
from daemon.tasks.detectors import Adwin, DetectorKind, Kswin, PageHinkley

KINDS: dict[str, type[Adwin | PageHinkley | Kswin]] = {
    "adwin": Adwin,
    "page_hinkley": PageHinkley,
    "kswin": Kswin,
}
PARAMETERS = {
    "adwin": ("delta",),
    "page_hinkley": ("delta", "threshold", "alpha"),
    "kswin": ("alpha", "window", "recent", "seed"),
}
AVERAGE = {"adwin": 1, "page_hinkley": 1, "kswin": 32}
HORIZON = {"adwin": 50_000, "page_hinkley": 50_000, "kswin": 2_000}


class DriftTasksOptions(Section):
    """A new task begins when a drift detector says that the error has risen."""

    type: Literal["drift"] = "drift"
    detector: Literal["adwin", "page_hinkley", "kswin"] = Field(
        "adwin", description="Drift detector of the library river."
    )
    min_events: int = Field(
        1_000,
        ge=1,
        description="Minimum events before the first alarm and between alarms; an earlier one is ignored.",
    )
    average: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="Errors averaged into one input of the detector; default 1, for kswin, which is costly, 32.",
    )
    horizon: int | None = Field(
        None,
        ge=20,
        le=10_000_000,
        description="Newest inputs kept to restore the detector; default 50000, for kswin 2000.",
    )
    delta: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="adwin: significance, default 0.002. page_hinkley: tolerated change, default 0.02.",
    )
    threshold: float | None = Field(
        None, gt=0, description="page_hinkley: summed excess of the error that raises an alarm, default 50."
    )
    alpha: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="page_hinkley: forgetting factor, default 0.9999. kswin: significance, default 0.0001.",
    )
    window: int | None = Field(
        None, ge=20, le=10_000, description="kswin: inputs in the sliding window, default 100."
    )
    recent: int | None = Field(None, ge=10, description="kswin: newest inputs compared with the rest, default 30.")
    seed: int | None = Field(None, ge=0, description="kswin: seed of its sampling, default 0.")

    @property
    def kind(self) -> DetectorKind:
        """The detector with its parameters."""
        given = {name: getattr(self, name) for name in PARAMETERS[self.detector]}
        made: DetectorKind = KINDS[self.detector](
            **{name: value for name, value in given.items() if value is not None}
        )
        return made

    @property
    def inputs_kept(self) -> int:
        """The horizon, the detector's own where none is given."""
        return self.horizon or HORIZON[self.detector]

    @property
    def errors_per_input(self) -> int:
        """The average, the detector's own where none is given."""
        return self.average or AVERAGE[self.detector]

    @model_validator(mode="after")
    def _suits_the_detector(self) -> Self:
        others: set[str] = {name for names in PARAMETERS.values() for name in names}
        foreign = sorted((self.model_fields_set & others) - set(PARAMETERS[self.detector]))
        if foreign:
            expected = ", ".join(PARAMETERS[self.detector])
            raise ValueError(
                f"{', '.join(foreign)} is not for the detector {self.detector}, which takes {expected}"
            )
        kind: Any = self.kind
        if isinstance(kind, Kswin) and kind.window < 2 * kind.recent:
            raise ValueError(f"window ({kind.window}) must be at least twice recent ({kind.recent})")
        if self.inputs_kept <= kind.carry:
            raise ValueError(f"horizon ({self.inputs_kept}) must be above window ({kind.carry})")
        return self

"""The electricity market, half-hour by half-hour: every event is predicted before its label is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.literature.electricity_market import read_electricity
from benchmarks.literature.protocol import MethodSetting, Overrides, Protocol, Published
from benchmarks.literature.record_stream import RecordStream
from benchmarks.literature.stream_recipe import ALONE, PREQUENTIAL_COLUMNS, REFERENCES, RETENTION_COLUMNS, peers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# One remembered half-hour for each new one: more would hold the model back where the newest ones say most.
STRATEGIES: list[dict[str, Any]] = [
    {"type": "replay", "rows": 2000, "batch": 1},
    {"type": "ewc", "strength": 1},
]
DAY_MEAN: list[dict[str, Any]] = [{"field": "nswprice", "window": 48, "statistics": ["mean"]}]
QUARTER_EVENTS = 4_380
"""Half-hours in a quarter of a year."""


class Electricity(Protocol):
    """The features of ``examples/electricity.yaml``; quarters as tasks, so that settings can be compared."""

    summary = (
        "Elec2: 45,312 half-hours in time order, each predicted before its label is used; a quarter is a task."
    )
    base: ClassVar[Overrides] = {
        "decoder": {"type": "json", "label": "class"},
        "label": {"classes": ["DOWN", "UP"]},
        "features": {
            "label_lags": 4,
            "differences": [{"field": field} for field in ("nswprice", "nswdemand", "vicprice")],
            "rolling": DAY_MEAN,
            "cyclic": [{"field": "period", "period": 1}],
        },
        "tasks": {"type": "schedule", "every_events": QUARTER_EVENTS},
        "model": {"type": "mlp", "hidden": [64, 64]},
        "optimizer": {"type": "adam", "lr": 0.001},
        "learner": {"batch": 1},
        "strategies": STRATEGIES,
        "companions": REFERENCES,
    }
    evaluated_on = "Every event; retention on two per cent of them, never learned."
    validated_on = "The first half of the stream."
    columns: ClassVar[Mapping[str, str]] = PREQUENTIAL_COLUMNS | RETENTION_COLUMNS
    settings: ClassVar[Mapping[str, MethodSetting]] = {
        "replay-ewc": MethodSetting(
            published=Published("90.6 (ALMA), 87.7 (ARF)", "river's benchmarks, without a day's mean"),
            note="knows the mean price of a day, by which the label is defined",
        ),
        "replay-ewc-no-day-mean": MethodSetting(overrides={"features": {"rolling": []}}, note="does not know it"),
        "naive": MethodSetting(overrides=ALONE | {"strategies": []}),
        **peers({"features": {"label_lags": 0, "differences": [], "rolling": [], "cyclic": []}}),
    }

    def stream(self, data: Path, *, seed: int, validate: bool) -> RecordStream:
        """Return the stream, the same for every seed; to validate, its first half."""
        records = read_electricity(data)
        return RecordStream(records[: len(records) // 2] if validate else records)

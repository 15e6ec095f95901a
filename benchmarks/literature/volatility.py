"""Will the next hour move more than usual? Two currency pairs and gold, one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from benchmarks.literature.hourly_bars import INSTRUMENTS, read_bars
from benchmarks.literature.protocol import MethodSetting, Overrides, Protocol
from benchmarks.literature.record_stream import RecordStream
from benchmarks.literature.stream_recipe import ALONE, PREQUENTIAL_COLUMNS, REFERENCES, RETENTION_COLUMNS, peers
from connectors.record import LocalRecord

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STRATEGIES: list[dict[str, Any]] = [
    {"type": "replay", "rows": 5000, "policy": "task_balanced"},
    {"type": "ewc", "strength": 1, "every_events": 20_000},
]
DIRECTION: Overrides = {
    "decoder": {"label": "next_move"},
    "label": {"classes": ["down", "up"]},
}


class Volatility(Protocol):
    """The features of ``examples/volatility.yaml``, but the instruments come one after another: that forgets."""

    summary = (
        "Hourly bars, instrument after instrument, each predicted before its label is used: whether the next hour's"
        " absolute return is above its median over the trailing 480 hours."
    )
    base: ClassVar[Overrides] = {
        "decoder": {
            "type": "json",
            "features": ["range", "body", "volume", "usual"],
            "label": "next_hour",
            "task": "instrument",
        },
        "label": {"classes": ["calm", "lively"]},
        "features": {
            "per_key": True,
            "lags": [{"field": "range", "steps": [1, 2, 3, 24]}],
            "rolling": [{"field": "range", "window": 24, "statistics": ["mean"]}],
            "label_lags": 2,
            "hour": True,
            "weekday": True,
        },
        "tasks": {"type": "field"},
        "model": {"type": "mlp", "hidden": [64, 64]},
        "optimizer": {"type": "adam", "lr": 0.001},
        "learner": {"batch": 8},
        "strategies": STRATEGIES,
        "retention": {"probe_rows": 2000},
        "companions": REFERENCES,
    }
    evaluated_on = "Every bar; retention on two per cent of them, never learned."
    validated_on = "The first half of the years."
    columns: ClassVar[Mapping[str, str]] = PREQUENTIAL_COLUMNS | RETENTION_COLUMNS
    settings: ClassVar[Mapping[str, MethodSetting]] = {
        "replay-ewc": MethodSetting(),
        "naive": MethodSetting(overrides=ALONE | {"strategies": []}),
        **peers(),
        "direction": MethodSetting(overrides=DIRECTION, note="up or down instead: a coin"),
    }

    def stream(self, data: Path, *, seed: int, validate: bool) -> RecordStream:
        """Return the stream, the same for every seed; to validate, the first half of each instrument's years."""
        records: list[LocalRecord] = []
        for instrument in INSTRUMENTS:
            bars = list(read_bars(data, instrument))
            for bar in bars[: len(bars) // 2] if validate else bars:
                value, key = orjson.dumps(bar.event), instrument.encode()
                records.append(LocalRecord("fx", 0, len(records), bar.time_ms, key, value, []))
        return RecordStream(records)

"""What is odd is told in the record of the event that brings the value, in the label's own units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest

from connectors.record import LocalRecord
from daemon.build.load import load_bytes
from daemon.build.pipeline import build_pipeline
from daemon.config.errors import ConfigError
from daemon.learning.stopwatch import Stopwatch

if TYPE_CHECKING:
    from connectors.sink import Prediction
    from daemon.scoring.anomalies import AnomalyCounts

BASE: dict[str, Any] = {
    "source": {"type": "file", "path": "unused"},
    "decoder": {"type": "json", "first_events": 1},
    "checkpoint": {"directory": "unused"},
    "predictions": {"type": "file", "path": "unused-too"},
    "anomalies": {"one_in": 150, "window": 300},
}
IN_THE_STREAM = {"label": "none", "target": {"field": "heat", "ahead": 2}}
BY_TIME = {"label": "none", "target": {"field": "heat", "ahead": "90s", "horizon": "10m"}}
IN_THE_EVENT = {
    "label": {"type": "number"},
    "decoder": BASE["decoder"] | {"label": "heat"},
    "features": {"label_lags": 1},
}
SPIKE, ROWS = 350, 400
USUAL, START = 10_000.0, 1_700_000_000_000


def heat() -> list[float]:
    values = USUAL + np.sin(np.arange(ROWS) / 8) + 0.1 * np.random.default_rng(0).normal(size=ROWS)
    values[SPIKE] += 25.0
    return [float(value) for value in values]


def config_of(sections: dict[str, Any]) -> Any:
    return load_bytes(orjson.dumps(BASE | sections), file="anomalies.yaml", environ={})


def learned(sections: dict[str, Any]) -> tuple[list[Prediction], AnomalyCounts]:
    pipeline = build_pipeline(config_of(sections), stopwatch=Stopwatch())
    records = [
        LocalRecord(
            "plant", 0, row, START + 60_000 * row, b"m1", orjson.dumps({"heat": value, "load": row % 5}), []
        )
        for row, value in enumerate(heat())
    ]
    said = pipeline.process(records).predictions
    counts = pipeline.snapshot().anomalies
    assert counts is not None
    return said, counts


@pytest.mark.parametrize("sections", [IN_THE_STREAM, BY_TIME, IN_THE_EVENT], ids=["events", "time", "own label"])
def test_the_event_with_the_odd_value_is_told_of(sections: dict[str, Any]) -> None:
    said, counts = learned(sections)
    odd = said[SPIKE].anomaly
    assert odd is not None
    assert odd.odd
    assert odd.new
    assert odd.score > 0.996
    assert odd.found == heat()[SPIKE]
    assert abs(odd.expected - USUAL) < 5
    told = [each.anomaly for each in said if each.anomaly is not None]
    assert len(told) >= ROWS - 4
    assert counts.odd == sum(each.odd for each in told)
    assert counts.anomalies == sum(each.new for each in told) <= 4


def test_without_the_section_nothing_is_told_and_nothing_kept() -> None:
    pipeline = build_pipeline(config_of(IN_THE_STREAM | {"anomalies": None}), stopwatch=Stopwatch())
    assert pipeline.snapshot().anomalies is None
    assert "anomalies" not in pipeline.state_dict()


@pytest.mark.parametrize(
    ("label", "why"),
    [
        ({"from": "stream", "field": "heat", "ahead": 1, "as": "sign"}, "the label is a class"),
        ({"from": "topic", "where": {"kind": "label"}, "field": "y", "type": "number"}, "published long ago"),
    ],
)
def test_what_no_event_could_be_told_of_is_refused(label: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s)anomalies.*{why}"):
        config_of({"label": label})

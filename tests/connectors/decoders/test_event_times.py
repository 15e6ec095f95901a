from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest

from connectors.decoders.json import JsonDecoder
from connectors.decoders.json_options import JsonOptions
from connectors.record import LocalRecord

NOW = 1_800_000_000.0
HOUR = 3_600


def _times(*pairs: tuple[float | None, float], **options: Any) -> tuple[list[float], list[str], dict[Any, int]]:
    """The times of events that state one and whose records have another, what was rejected, and what was odd."""
    records = [
        LocalRecord("t", 0, n, int(arrival * 1_000), None, orjson.dumps({"a": 1, "ts": stated}), [])
        for n, (stated, arrival) in enumerate(pairs)
    ]
    made = JsonOptions(features=("a",), time="ts", **options)
    rows, rejects = JsonDecoder(made, clock=lambda: NOW).decode(records)
    return rows.time.tolist(), [reject.reason for reject in rejects], dict(rows.odd)


def test_a_time_may_be_a_day_ahead_of_its_record_and_not_more() -> None:
    arrival = NOW - 1_000 * HOUR
    times, reasons, _ = _times((arrival + 24 * HOUR, arrival), (arrival + 25 * HOUR, arrival), (arrival, arrival))
    assert (times, reasons) == ([arrival + 24 * HOUR, arrival], ["implausible_time"])


@pytest.mark.parametrize("arrival", [-0.001, NOW + 300 * HOUR])
def test_a_record_without_a_plausible_timestamp_is_judged_by_the_present(arrival: float) -> None:
    times, reasons, _ = _times((NOW + 23 * HOUR, arrival), (NOW + 25 * HOUR, arrival))
    assert (times, reasons) == ([NOW + 23 * HOUR], ["implausible_time"])


def test_a_clamped_time_is_the_records_or_the_newest_plausible_one_before() -> None:
    times, reasons, odd = _times(
        (NOW, -0.001), (0, -0.001), (0, NOW - HOUR), (9e10, -0.001), (None, NOW - 5), implausible_time="clamp"
    )
    assert times == [NOW, NOW, NOW - HOUR, NOW - HOUR, NOW - 5]
    assert (reasons, odd) == ([], {("ts", "clamped"): 3})


def test_a_timestamp_that_cannot_be_is_unknown_and_counted() -> None:
    records = [
        LocalRecord("t", 0, n, timestamp, None, b'{"a": 1}', [])
        for n, timestamp in enumerate([-1, 0, int(NOW * 1_000), 2**60])
    ]
    rows, rejects = JsonDecoder(JsonOptions(), clock=lambda: NOW).decode(records)
    assert np.isnan(rows.time).tolist() == [True, True, False, True]
    assert (rejects, rows.odd) == ([], {("(timestamp)", "unknown"): 2})


def test_bounds_can_be_moved_and_lifted() -> None:
    options = {"earliest_time": None, "max_ahead_seconds": None}
    assert _times((-2e9, -0.001), (5e9, -0.001), **options)[:2] == ([-2e9, 5e9], [])
    moved = {"earliest_time": "1950-01-01"}
    assert _times((-5e8, -0.001), (-9e8, -0.001), **moved)[:2] == ([-5e8], ["implausible_time"])

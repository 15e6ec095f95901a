"""``python -m benchmarks nab`` tells how many known windows were found, which alarms were false, and the score."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.nab.detectors import alarms_of, predicted
from benchmarks.nab.score import nab_score, probation, scored
from benchmarks.nab.series import read_series

if TYPE_CHECKING:
    from pathlib import Path

ROWS, FAULT = 700, 600
START = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    values = np.sin(np.arange(ROWS) / 8) + 0.1 * np.random.default_rng(0).normal(size=ROWS)
    values[FAULT] += 9.0
    times = [(START + timedelta(minutes=5 * row)).strftime("%Y-%m-%d %H:%M:%S") for row in range(ROWS)]
    folder = tmp_path / "nab"
    folder.mkdir()
    with gzip.open(folder / "pump.csv.gz", "wt") as file:
        file.write("timestamp,value\n")
        file.writelines(f"{at},{value}\n" for at, value in zip(times, values.tolist(), strict=True))
    window = [f"{times[FAULT - 10]}.000000", f"{times[FAULT + 9]}.000000"]
    known = {"realKnownCause/pump.csv": [window], "realKnownCause/not_there.csv": []}
    (folder / "combined_windows.json").write_text(json.dumps(known))
    return tmp_path


def test_a_fault_is_found_where_the_next_value_is_predicted(data: Path) -> None:
    ran = CliRunner().invoke(app, ["nab", "--data", str(data), "--one-in", "300"])
    assert ran.exit_code == 0, ran.output
    rows = {line.split(" |")[0].strip("| "): line for line in ran.stdout.splitlines() if line.startswith("|")}
    assert "| 1 of 1 |" in rows["retaind, one in 300"]
    assert "| 1 of 1 |" in rows["rolling z-score"]
    assert float(rows["retaind, one in 300"].split("|")[-2]) > 50


def test_alarms_at_the_default_are_those_that_the_daemon_publishes(data: Path) -> None:
    (series,) = read_series(data / "nab")
    told = predicted(series)
    assert alarms_of(told, one_in=500).tolist() == [each is not None and each.new for each in told]
    assert told[FAULT] is not None
    assert told[FAULT].new


def test_unknown_series_and_missing_folders_are_named(data: Path) -> None:
    ran = CliRunner().invoke(app, ["nab", "--data", str(data), "--only", "fan"])
    assert ran.exit_code == 2
    assert "none is of: pump" in ran.output
    ran = CliRunner().invoke(app, ["nab", "--data", str(data / "elsewhere")])
    assert ran.exit_code == 2
    assert "--data" in ran.output


def test_the_score_is_that_of_the_paper() -> None:
    alarms, windows = np.zeros(10_000, dtype=bool), [(2_000, 2_099), (5_000, 5_199)]
    assert probation(len(alarms)) == 750
    assert nab_score([scored(alarms, windows)]) == 0
    alarms[[100, 2_000, 2_050]] = True  # before it counts; at the beginning, worth 1; a second one, worth nothing
    assert scored(alarms, windows).worth == pytest.approx(1 - 1)
    alarms[900] = True  # before all windows: a whole false alarm
    assert scored(alarms, windows).worth == pytest.approx(-0.11)
    alarms[2_109] = True  # ten rows after the window: a tenth of its width is hardly false
    one = scored(alarms, windows)
    assert one.worth == pytest.approx(-0.11 + 0.11 * (2 / (1 + np.exp(5 * 10 / 99)) - 1))
    assert (one.windows, one.found, one.alarms, one.false_alarms) == (2, 1, 4, 2)

"""``python -m benchmarks ahead`` says how good answers ahead were, and how many labels lay within intervals."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np
from typer.testing import CliRunner

from benchmarks.__main__ import app

if TYPE_CHECKING:
    from pathlib import Path


def test_a_wave_is_told_better_than_by_its_value_of_now(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    wave = np.sin(np.arange(700) / 4) + 0.1 * chance.normal(size=700)
    (tmp_path / "nab").mkdir()
    with gzip.open(tmp_path / "nab" / "nyc_taxi.csv.gz", "wt") as file:
        file.write("timestamp,value\n" + "".join(f"{n},{value}\n" for n, value in enumerate(wave.tolist())))
    ran = CliRunner().invoke(app, ["ahead", "--data", str(tmp_path), "--only", "taxi rides, half an hour"])
    assert ran.exit_code == 0, ran.output
    _, name, events, mine, now, within, *_ = (cell.strip() for cell in ran.stdout.splitlines()[2].split("|"))
    assert (name, events) == ("taxi rides, half an hour", "698")
    assert float(mine) > float(now)
    assert 85 < float(within) < 95


def test_an_unknown_stream_is_named() -> None:
    ran = CliRunner().invoke(app, ["ahead", "--only", "tides"])
    assert ran.exit_code == 2
    assert "tides is none of" in ran.output


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["ahead", "--data", str(tmp_path), "--only", "price, 1 hour"])
    assert ran.exit_code == 2
    assert "--data" in ran.output

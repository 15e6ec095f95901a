"""``python -m benchmarks together`` compares two targets in one daemon with a daemon for each."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np
from typer.testing import CliRunner

from benchmarks.__main__ import app

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 60


def test_no_answer_differs_and_both_ways_are_timed(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    names = ("OT", "HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL")
    table = np.cumsum(chance.normal(size=(ROWS, len(names))), axis=0).tolist()
    (tmp_path / "ett").mkdir()
    with gzip.open(tmp_path / "ett" / "ETTh1.csv.gz", "wt") as file:
        file.write("\n".join([",".join(names), *(",".join(map(str, row)) for row in table)]) + "\n")
    (tmp_path / "tabular").mkdir()
    np.savez(
        tmp_path / "tabular" / "MetroTraffic.npz",
        data=np.cumsum(chance.normal(size=(ROWS, 3)), axis=0).astype(np.float32),
        feature_names=np.array(["rain", "clouds"]),
    )
    ran = CliRunner().invoke(app, ["together", "--data", str(tmp_path)])
    assert ran.exit_code == 0, ran.output
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in ran.stdout.splitlines() if "(" in line]
    assert [row[1] for row in rows] == ["OT+1", "OT+24", "traffic+1", "traffic+24", "60", "60"]
    for _, _, alone, together, differ, _ in rows[:4]:
        assert alone == together
        assert differ == "0"
    for cost in rows[4:]:
        assert float(cost[4]) > 0


def test_a_folder_without_the_files_is_named(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["together", "--data", str(tmp_path)])
    assert ran.exit_code == 2
    assert "--data" in ran.output

"""``python -m benchmarks estimated`` says how good answers were estimated to be before their labels came."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import numpy as np
from typer.testing import CliRunner

from benchmarks.__main__ import app

if TYPE_CHECKING:
    from pathlib import Path


def test_the_estimate_stands_beside_what_came_true(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).random((2_400, 6))
    (tmp_path / "elec2").mkdir()
    with gzip.open(tmp_path / "elec2" / "elec.csv.gz", "wt") as file:
        file.write("period,nswprice,nswdemand,vicprice,vicdemand,transfer,class\n")
        file.writelines(f"{','.join(map(str, row))},{int(row[1] > 0.5)}\n" for row in rows.tolist())
    ran = CliRunner().invoke(app, ["estimated", "--data", str(tmp_path), "--late", "100"])
    assert ran.exit_code == 0, ran.output
    told = re.search(r"\| 0 to 2,400 \| (\S+) \| (\S+) \| (\S+) \|", ran.stdout)
    assert told is not None
    accuracy, _, estimate = map(float, told.groups())
    assert accuracy > 80
    assert abs(estimate - accuracy) < 10


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["estimated", "--data", str(tmp_path)])
    assert ran.exit_code == 2
    assert "--data" in ran.output

"""``python -m benchmarks exported`` compares an export with the daemon that goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.exported import after_export
from tests.benchmarks.arena.streams_by_hand import classes_by_sign

if TYPE_CHECKING:
    from pathlib import Path


def test_what_anyone_can_learn_a_file_knows_too() -> None:
    table = classes_by_sign(700)
    truth = [table.classes[label] for label in table.y[400:]]
    for said in after_export(table, learned=400):
        assert len(said) == 300
        assert np.mean([one == right for one, right in zip(said, truth, strict=True)]) > 0.85


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["exported", "--data", str(tmp_path)])
    assert ran.exit_code == 2
    assert "--data" in ran.output

"""What happens to a sensor in ``python -m benchmarks scale`` happens to it, and to no other."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks import scale
from benchmarks.__main__ import app


@pytest.mark.parametrize("name", scale.HAPPENINGS)
def test_nothing_happens_before_the_start_and_to_other_sensors(name: str) -> None:
    chance = np.random.default_rng(0)
    readings = 1_000.0 + chance.normal(size=(scale.EVENTS, len(scale.SENSORS)))
    changed = scale.HAPPENINGS[name](readings.copy(), chance)
    assert (changed[: scale.START] == readings[: scale.START]).all()
    columns = (changed != readings).any(axis=0)
    assert columns.sum() == (name != "nothing")


def test_the_table_says_how_many_answers_were_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "EVENTS", 500)
    monkeypatch.setattr(scale, "WINDOWS", {"all": (0, 500)})
    ran = CliRunner().invoke(app, ["scale", "--only", "nothing"])
    assert ran.exit_code == 0, ran.output
    committee, alone = ran.stdout.splitlines()[2].split("|")[2:4]
    assert 40 < float(committee) < 100
    assert 40 < float(alone) < 100


def test_an_unknown_happening_is_named_with_the_nearest() -> None:
    ran = CliRunner().invoke(app, ["scale", "--only", "hPa to pa"])
    assert ran.exit_code == 2
    assert "hPa to Pa" in ran.output

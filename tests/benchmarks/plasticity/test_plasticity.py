"""The protocol of many tasks, on a few small ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.plasticity.run import run
from benchmarks.plasticity.settings import SETTINGS, configuration
from benchmarks.plasticity.stream import PIXELS, PermutedDigits

if TYPE_CHECKING:
    from pathlib import Path

DEFAULTS = ("default, tasks named", "default, tasks not named")


def test_a_task_is_the_same_each_time_and_another_in_another_order(data: Path) -> None:
    stream = PermutedDigits(data, seed=1, validate=False)
    first, second = stream.task(0, events=50).batch, stream.task(1, events=50).batch
    assert torch.equal(first.x, stream.task(0, events=50).batch.x)
    assert first.x.shape == (50, PIXELS)
    assert not torch.equal(stream.test(0)[0], stream.test(1)[0])
    torch.testing.assert_close(stream.test(0)[0].sort(1).values, stream.test(1)[0].sort(1).values)
    assert second.provenance[0, 2] == 50


@pytest.mark.parametrize("name", DEFAULTS)
def test_the_defaults_are_those_of_a_file_that_says_nothing(name: str) -> None:
    kinds = [strategy.type for strategy in configuration(SETTINGS[name], seed=0).strategies]
    assert kinds[-1] == "l2sp"


def test_every_task_is_predicted_before_it_is_learned_and_the_newest_again(data: Path) -> None:
    done = run(DEFAULTS[0], data=data, tasks=3, seed=0, validate=False, events=200)
    assert done is not None
    assert (len(done.on_arrival), len(done.retained)) == (3, 3)
    assert done.retention > done.on_arrival[0] > 0


def test_a_row_is_printed_for_each_setting(data: Path) -> None:
    arguments = ["plasticity", "--data", str(data), "--tasks", "2", "--events", "64", "--only", "naive"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "| naive |" in result.stdout


def test_a_setting_that_is_none_is_refused_with_those_there_are() -> None:
    result = CliRunner().invoke(app, ["plasticity", "--only", "naif"])
    assert result.exit_code == 2
    assert "replay alone" in result.output

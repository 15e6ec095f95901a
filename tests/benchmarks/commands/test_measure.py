from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.literature import PROTOCOLS
from benchmarks.literature.results import Results
from benchmarks.literature.run import Run, carry_out

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

RUN = Run("smnist", "naive", 0)


def measure(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def runs_in(path: Path) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = json.loads(path.read_bytes())["runs"]
    return runs


def test_all_is_made_once_and_shown_again(data: Path, tmp_path: Path) -> None:
    file, pictures = tmp_path / "new" / "r.json", tmp_path / "pictures"
    wanted = ["smnist", "--data", str(data), "--seeds", "2", "--only", "naive", "--only", "er-500"]
    first = measure(*wanted, "--jobs", "2", "--json", str(file), "--output", str(pictures))
    assert first.exit_code == 0, first.stderr
    assert len(re.findall(r"^\d/4 smnist .*events/s$", first.stderr, re.MULTILINE)) == 4
    assert file.with_suffix(".md").read_text() == first.stdout
    assert "`python -m benchmarks smnist --data DIR --seeds 2 --only naive --only er-500`" in first.stdout
    assert re.search(r"^\| er-500 \| 2 \| [\d.]+ ± [\d.]+ \|.*86\.12", first.stdout, re.MULTILINE)
    for name in ("smnist-matrix.png", "smnist-accuracy.png"):
        assert (pictures / name).read_bytes().startswith(b"\x89PNG")

    before = file.stat().st_mtime_ns
    again = measure(*wanted, "--json", str(file))
    assert again.stdout == first.stdout
    assert "4 of 4 runs are finished already" in again.stderr
    assert file.stat().st_mtime_ns == before

    # Two workers at once, each after another run, have found what this process finds alone.
    for run in runs_in(file):
        alone = carry_out(Run("smnist", run["setting"], run["seed"]), data=data).model_dump(mode="json")
        for name in ("seconds", "events_per_second"):
            del run["figures"][name], alone["figures"][name]
        assert run == alone


def test_after_ctrl_c_the_finished_runs_are_there_and_only_the_others_are_made(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    wanted = ["smnist", "--data", str(data), "--seeds", "6", "--only", "naive", "--json", str(file), "--jobs", "1"]
    command = [sys.executable, "-m", "benchmarks", *wanted]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr is not None
        assert "1/6" in process.stderr.readline()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the workers get it too
        _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    kept = len(runs_in(file))
    if kept < 6:  # else the last was finished before the signal came
        assert process.returncode == 130
        assert f"Stopped: {kept} of 6 runs are in {file}" in err
    rest = measure(*wanted)
    assert rest.exit_code == 0
    assert f"{kept} of 6 runs are finished already" in rest.stderr
    assert [run["seed"] for run in runs_in(file)] == [0, 1, 2, 3, 4, 5]


def test_validation_is_a_run_of_its_own(data: Path, tmp_path: Path) -> None:
    wanted = ["smnist", "--data", str(data), "--seeds", "1", "--only", "naive", "--json", str(tmp_path / "r.json")]
    Results(tmp_path / "r.json").add(RUN, carry_out(RUN, data=data))
    assert "Test images." in measure(*wanted).stdout
    assert "Validation images" in measure(*wanted, "--validate").stdout
    assert [run["validate_only"] for run in runs_in(tmp_path / "r.json")] == [False, True]


def test_missing_data_is_said_in_one_line(tmp_path: Path) -> None:
    arguments = ("--data", str(tmp_path), "--only", "naive", "--json", str(tmp_path / "r.json"))
    result = measure("pmnist", *arguments)
    assert result.exit_code == 74
    assert "mnist/train-images-idx3-ubyte.gz is missing; into mnist/ belongs MNIST" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_the_settings_of_a_protocol_are_listed() -> None:
    result = measure("pmnist", "--list")
    assert result.exit_code == 0
    assert PROTOCOLS["pmnist"].summary in result.stdout
    assert all(setting in result.stdout for setting in PROTOCOLS["pmnist"].settings)
    assert PROTOCOLS["gas"].summary not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [(["pmnist", "--only", "er500"], "er-500"), (["pmnist", "--only", "zzz"], "--list")],
)
def test_a_wrong_setting_is_answered_with_the_nearest(arguments: list[str], meant: str) -> None:
    result = measure(*arguments)
    assert result.exit_code == 2
    assert meant in result.stderr


def test_a_results_file_that_is_none_is_refused(data: Path, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text("mine")
    result = measure("smnist", "--data", str(data), "--json", str(tmp_path / "r.json"))
    assert result.exit_code == 74
    assert "name another one with --json" in result.stderr

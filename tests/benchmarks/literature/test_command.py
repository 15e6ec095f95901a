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

from benchmarks.literature import PROTOCOLS
from benchmarks.literature.results import Results
from benchmarks.literature.run import Run, carry_out
from daemon.cli import app

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

RUN = Run("smnist", "naive", 0)


def bench(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["bench", *arguments])


def runs_in(path: Path) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = json.loads(path.read_bytes())["runs"]
    return runs


def test_all_is_made_once_and_shown_again(data: Path, tmp_path: Path) -> None:
    file, pictures = tmp_path / "new" / "r.json", tmp_path / "pictures"
    wanted = ["smnist", "--data", str(data), "--seeds", "2", "--only", "naive", "--only", "er-500"]
    first = bench(*wanted, "--jobs", "2", "--json", str(file), "--output", str(pictures))
    assert first.exit_code == 0, first.stderr
    assert len(re.findall(r"^\d/4 smnist .*events/s$", first.stderr, re.MULTILINE)) == 4
    assert file.with_suffix(".md").read_text() == first.stdout
    assert "`retaind bench smnist --data DIR --seeds 2 --only naive --only er-500`" in first.stdout
    assert re.search(r"^\| er-500 \| 2 \| [\d.]+ ± [\d.]+ \|.*86\.12", first.stdout, re.MULTILINE)
    for name in ("smnist-matrix.png", "smnist-accuracy.png"):
        assert (pictures / name).read_bytes().startswith(b"\x89PNG")

    before = file.stat().st_mtime_ns
    again = bench(*wanted, "--json", str(file))
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
    command = [sys.executable, "-m", "daemon.cli", "bench", *wanted]
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
    rest = bench(*wanted)
    assert rest.exit_code == 0
    assert f"{kept} of 6 runs are finished already" in rest.stderr
    assert [run["seed"] for run in runs_in(file)] == [0, 1, 2, 3, 4, 5]


def test_validation_is_a_run_of_its_own(data: Path, tmp_path: Path) -> None:
    wanted = ["smnist", "--data", str(data), "--seeds", "1", "--only", "naive", "--json", str(tmp_path / "r.json")]
    Results(tmp_path / "r.json").add(RUN, carry_out(RUN, data=data))
    assert "Test images." in bench(*wanted).stdout
    assert "Validation images" in bench(*wanted, "--validate").stdout
    assert [run["validate_only"] for run in runs_in(tmp_path / "r.json")] == [False, True]


def test_missing_data_is_said_in_one_line(tmp_path: Path) -> None:
    arguments = ("--data", str(tmp_path), "--only", "naive", "--json", str(tmp_path / "r.json"))
    result = bench("pmnist", *arguments)
    assert result.exit_code == 74
    assert "mnist/train-images-idx3-ubyte.gz is missing; into mnist/ belongs MNIST" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [[], ["--list"], ["pmnist", "--list"]])
def test_all_protocols_and_settings_are_listed(arguments: list[str]) -> None:
    result = bench(*arguments)
    assert result.exit_code == 0
    for name, protocol in PROTOCOLS.items():
        assert f"{name}: {protocol.summary}" in result.stdout
        assert all(setting in result.stdout for setting in protocol.settings)


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [(["pmnst"], "pmnist"), (["pmnist", "--only", "er500"], "er-500"), (["pmnist", "--only", "zzz"], "--list")],
)
def test_a_wrong_name_is_answered_with_the_nearest(arguments: list[str], meant: str) -> None:
    result = bench(*arguments)
    assert result.exit_code == 2
    assert meant in result.stderr


def test_a_results_file_that_is_none_is_refused(data: Path, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text("mine")
    result = bench("smnist", "--data", str(data), "--json", str(tmp_path / "r.json"))
    assert result.exit_code == 74
    assert "name another one with --json" in result.stderr

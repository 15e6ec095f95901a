from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from daemon import doctor
from daemon.cli import app
from daemon.doctor.finding import ok, problem, warning

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
name: plant
source: {{type: plant}}
decoder: {{type: json, label: fault}}
checkpoint: {{directory: "{directory}/state"}}
http: {{port: 0}}
"""
WIDE = {"COLUMNS": "200"}


def examined(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["doctor", *arguments], env=WIDE)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "plant.yaml"
    path.write_text(FILE.format(directory=tmp_path), encoding="utf-8")
    return path


@pytest.fixture
def _ill(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = {
        "good": lambda _: [ok("all is well")],
        "odd": lambda _: [
            warning("the password is in http://me:hunter2@host/", "hide it from http://me:hunter2@host/")
        ],
        "bad": lambda _: [problem("the disk is full", "free some")],
        "broken": lambda _: [1 / 0],
    }
    monkeypatch.setattr("daemon.doctor.examination.MACHINE", checks)


def test_a_healthy_set_up_exits_0_and_names_every_check(file: Path) -> None:
    shown = examined(str(file))
    assert shown.exit_code == 0, shown.output
    assert "problem" not in shown.output
    for name in (*doctor.MACHINE, "state", "disk", "lock", "checkpoint", "http"):
        assert f" {name} " in shown.output


def test_it_writes_nothing(file: Path) -> None:
    examined(str(file))
    assert list(file.parent.iterdir()) == [file]


def test_without_a_file_only_the_machine_is_looked_at() -> None:
    shown = examined()
    assert shown.exit_code == 0
    assert "name a configuration file to see the rest" in shown.output
    assert " checkpoint " not in shown.output


def test_a_wrong_file_is_a_problem_with_its_place_and_the_machine_is_still_looked_at(file: Path) -> None:
    file.write_text("sorce: {type: plant}\n", encoding="utf-8")
    shown = examined(str(file))
    assert shown.exit_code == 1
    assert 'sorce: unknown key; did you mean "source"?' in shown.output
    assert " python " in shown.output


@pytest.mark.usefixtures("_ill")
def test_problems_have_their_remedies_and_exit_1() -> None:
    shown = examined()
    lines = [line.rstrip() for line in shown.output.splitlines()]
    place = next(number for number, line in enumerate(lines) if "the disk is full" in line)
    assert lines[place].startswith("problem  bad ")
    assert lines[place + 1].strip() == "→ free some"
    assert "1 problem and 2 warnings." in lines
    assert shown.exit_code == 1


@pytest.mark.usefixtures("_ill")
def test_a_check_that_fails_itself_hides_no_other() -> None:
    assert "this check failed: ZeroDivisionError" in examined().output


@pytest.mark.usefixtures("_ill")
def test_the_same_as_json_without_secrets() -> None:
    shown = examined("--json")
    told = json.loads(shown.stdout)
    assert shown.exit_code == 1
    assert (told["problems"], told["warnings"]) == (1, 2)
    assert told["findings"][2] == {
        "check": "bad",
        "level": "problem",
        "found": "the disk is full",
        "remedy": "free some",
    }
    assert "hunter2" not in shown.stdout + examined().output

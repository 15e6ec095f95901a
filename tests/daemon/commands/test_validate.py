from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from daemon.cli import app

if TYPE_CHECKING:
    from pathlib import Path

VALID = """\
source: {type: kafka, topics: [plant]}
decoder: {type: json, label: fault}
checkpoint: {directory: /var/lib/retaind}
"""
CALM = VALID + "dead_letters: {type: file, path: rejected.jsonl}\n"
ADVISED = CALM + "optimizer: {type: adam, lr: 0.5}\n"
WRONG = CALM + "optimizer: {type: adam, lr: -1}\nlearner: {bach: 3}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "plant.yaml"


def test_a_valid_file_is_called_valid(file: Path) -> None:
    file.write_text(CALM, encoding="utf-8")
    result = CliRunner().invoke(app, ["validate", str(file)])
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{file}: valid\n", "")


def test_advice_is_given_but_fails_only_where_it_is_strict(file: Path) -> None:
    file.write_text(ADVISED, encoding="utf-8")
    easy = CliRunner().invoke(app, ["validate", str(file)])
    strict = CliRunner().invoke(app, ["validate", "--strict", str(file)])
    assert (easy.exit_code, strict.exit_code) == (0, 78)
    assert easy.stderr == strict.stderr
    assert easy.stderr.startswith(f"{file}:5:29: optimizer.lr: advice: ")


def test_errors_end_the_process_with_78_and_are_all_on_stderr(file: Path) -> None:
    file.write_text(WRONG, encoding="utf-8")
    done = CliRunner().invoke(app, ["validate", str(file)])
    assert (done.exit_code, done.stdout) == (78, "")
    assert [line for line in done.stderr.splitlines() if not line.startswith(" ")] == [
        f"{file}:5:29: optimizer.lr: expected a number > 0, got -1",
        f'{file}:6:11: learner.bach: unknown key; did you mean "batch"?',
    ]


def test_a_missing_file_is_no_traceback(file: Path) -> None:
    result = CliRunner().invoke(app, ["validate", str(file)])
    assert result.exit_code == 78
    assert result.stderr.startswith(f"{file}: cannot be read: No such file or directory")


def test_a_token_that_cannot_be_used_is_an_error_at_its_key(file: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("short", encoding="utf-8")
    file.write_text(f'{CALM}http: {{control: {{token_file: "{tmp_path}/token"}}}}\n', encoding="utf-8")
    result = CliRunner().invoke(app, ["validate", str(file)])
    assert result.exit_code == 78
    assert f"{file}:5:30: http.control.token_file: {tmp_path}/token: expected a token of at least" in result.stderr
    assert "short" not in result.stderr.replace("short-", "")


OWN = """\
import pathlib
pathlib.Path(__file__).with_suffix(".ran").touch()
from connectors.files.source import FileSource
from connectors.options import Options
from typing import Literal

class MineOptions(Options):
    type: Literal["mine"] = "mine"
    speed: int = 1

class Mine(FileSource):
    Options = MineOptions

class Other:
    def poll(self): ...
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module of a user's own, which leaves a trace where it is executed."""
    (tmp_path / "own_source_of_mine.py").write_text(OWN, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_source_of_mine", raising=False)
    return tmp_path / "own_source_of_mine.ran"


def with_source(name: str, *, speed: int | str = 2) -> str:
    return CALM.replace("{type: kafka, topics: [plant]}", f"{{type: '{name}', speed: {speed}}}")


def test_validating_executes_nothing_of_ones_own_unless_it_is_asked_to(file: Path, own: Path) -> None:
    file.write_text(with_source("own_source_of_mine:Mine", speed="fast"), encoding="utf-8")
    looked_at = CliRunner().invoke(app, ["validate", str(file)])
    assert (looked_at.exit_code, looked_at.stdout) == (0, f"{file}: valid\n")
    assert f"{file}:1:16: source.type: own_source_of_mine:Mine is not imported" in looked_at.stderr
    assert not own.exists()
    imported = CliRunner().invoke(app, ["validate", "--import", str(file)])
    assert own.exists()
    assert imported.exit_code == 78
    assert "source.speed: expected a whole number, got 'fast'" in imported.stderr


@pytest.mark.parametrize("options", [(), ("--import",)])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("os:system", "os is a module of Python itself"),
        ("subprocess:Popen", "subprocess is a module of Python itself"),
        ("own_source_of_mine:Other", "Other has no open, snapshot"),
        ("own_source_of_mine:Such", ""),
        ("kafka:KafkaConsumer", "KafkaConsumer has no open, snapshot"),
        ("nowhere_at_all:X", "No module named 'nowhere_at_all'"),
    ],
)
def test_what_is_no_source_is_refused_with_its_place(
    file: Path, own: Path, options: tuple[str, ...], name: str, words: str
) -> None:
    file.write_text(with_source(name), encoding="utf-8")
    result = CliRunner().invoke(app, ["validate", *options, str(file)])
    assert result.exit_code == 78
    assert f"{file}:1:16: source.type: cannot use {name}: {words}" in result.stderr
    assert own.exists() == (bool(options) and name.startswith("own"))


def test_an_output_that_cannot_be_written_on_this_machine_is_told_and_is_no_error(file: Path) -> None:
    file.write_text(CALM.replace("rejected.jsonl", "/nowhere/at/all/rejected.jsonl"), encoding="utf-8")
    result = CliRunner().invoke(app, ["validate", str(file)])
    assert (result.exit_code, result.stdout) == (0, f"{file}: valid\n")
    place = f"{file}:4:34: dead_letters.path"
    assert f"{place}: on this machine there is no folder /nowhere/at/all; make it" in result.stderr


def test_an_output_that_is_a_directory_is_an_error(file: Path, tmp_path: Path) -> None:
    file.write_text(CALM.replace("rejected.jsonl", str(tmp_path)), encoding="utf-8")
    result = CliRunner().invoke(app, ["validate", str(file)])
    assert result.exit_code == 78
    assert f"{file}:4:34: dead_letters.path: {tmp_path} is a directory; name a file in it" in result.stderr

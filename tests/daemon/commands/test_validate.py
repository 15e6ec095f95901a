from __future__ import annotations

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

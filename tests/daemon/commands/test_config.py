from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from daemon.cli import app

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
name: "${NAME:-plant}"
source: {type: kafka, topics: [plant], client: {sasl_plain_password: "${PASSWORD:-hunter2}"}}
decoder: {type: json, label: fault, task: regime}
tasks: {type: field}
strategies: default
checkpoint: {directory: /var/lib/retaind}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "plant.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


def shown(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["config", "show", *arguments])


def test_what_is_shown_is_a_valid_file_with_everything_in_it(file: Path, tmp_path: Path) -> None:
    result = shown(str(file))
    assert (result.exit_code, result.stderr) == (0, "")
    copy = tmp_path / "shown.yaml"
    copy.write_text(result.stdout, encoding="utf-8")
    assert CliRunner().invoke(app, ["validate", str(copy)]).exit_code == 0
    assert shown(str(copy)).stdout == result.stdout
    assert "  - type: derpp" in result.stdout.splitlines()
    assert "name: plant" in result.stdout.splitlines()


def test_origins_stand_at_the_values_and_betray_no_secret(file: Path) -> None:
    lines = shown(str(file), "--origins").stdout.splitlines()
    assert "name: plant  # from ${NAME:-plant}" in lines
    assert "  port: 9464  # default" in lines
    assert "  topics: [plant]" in lines
    assert '    sasl_plain_password: "[redacted]"' in lines
    assert "hunter2" not in "".join(lines)


def test_json_is_for_programs(file: Path) -> None:
    told = json.loads(shown(str(file), "--format", "json").stdout)
    assert told["strategies"][0]["type"] == "derpp"
    assert told["source"]["client"] == {"sasl_plain_password": "[redacted]"}
    assert shown(str(file), "--format", "json", "--origins").exit_code == 2


def test_a_wrong_file_is_answered_as_validate_answers_it(file: Path) -> None:
    file.write_text("sorce: {}\n", encoding="utf-8")
    result = shown(str(file))
    assert result.exit_code == 78
    assert 'did you mean "source"?' in result.stderr

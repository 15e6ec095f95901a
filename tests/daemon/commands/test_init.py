from __future__ import annotations

from typing import TYPE_CHECKING

from typer.testing import CliRunner

from daemon.cli import app
from daemon.config.starter import starter

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_to_start_from_is_written_and_validates(tmp_path: Path) -> None:
    file = tmp_path / "plant.yaml"
    result = CliRunner().invoke(app, ["init", str(file)])
    assert result.exit_code == 0
    assert f"retaind validate {file}" in result.output
    assert file.read_text(encoding="utf-8") == starter()
    assert CliRunner().invoke(app, ["validate", "--strict", str(file)]).exit_code == 0


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "plant.yaml"
    file.write_text("precious", encoding="utf-8")
    result = CliRunner().invoke(app, ["init", str(file)])
    assert result.exit_code == 74
    assert "exists already" in result.stderr
    assert file.read_text(encoding="utf-8") == "precious"


def test_a_folder_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["init", str(tmp_path / "nowhere" / "plant.yaml")])
    assert result.exit_code == 74
    assert "No such file or directory" in result.stderr

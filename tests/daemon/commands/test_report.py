from __future__ import annotations

from typing import TYPE_CHECKING

from typer.testing import CliRunner

from daemon.cli import app

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_of_benchmark_results_is_referred_to_the_benchmarks(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    file.write_text('{"format": 1, "runs": []}')
    result = CliRunner().invoke(app, ["report", str(file), "-o", str(tmp_path / "page.html")])
    assert result.exit_code == 64
    assert f"`python -m benchmarks report {file}`" in result.stderr
    assert not (tmp_path / "page.html").exists()


def test_a_directory_without_checkpoints_is_named(tmp_path: Path) -> None:
    for directory in (tmp_path, tmp_path / "missing"):
        result = CliRunner().invoke(app, ["report", str(directory), "-o", str(tmp_path / "page.html")])
        assert result.exit_code == 74
        assert str(directory) in result.stderr

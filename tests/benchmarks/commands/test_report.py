from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.literature import PROTOCOLS
from tests.benchmarks.report.results_file import PROTOCOL, results_file

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def report(results: Path, output: Path) -> Result:
    return CliRunner().invoke(app, ["report", str(results), "-o", str(output)])


def test_results_become_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = report(results_file(tmp_path / "results.json"), page)
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{page}: written\n", "")
    assert PROTOCOLS[PROTOCOL].summary in page.read_text()
    assert "Written by retaind" in page.read_text()


@pytest.mark.parametrize(
    ("content", "said"), [(None, "no results in"), ("mine", "not a file of benchmark results")]
)
def test_what_holds_no_results_is_named(content: str | None, said: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "results.json").write_text(content)
    result = report(tmp_path / "results.json", tmp_path / "page.html")
    assert result.exit_code == 74
    assert said in result.stderr
    assert str(tmp_path / "results.json") in result.stderr
    assert not (tmp_path / "page.html").exists()


def test_a_page_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    page = tmp_path / "missing" / "page.html"
    result = report(results_file(tmp_path / "results.json"), page)
    assert result.exit_code == 74
    assert f"{page}: cannot be written" in result.stderr

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from daemon.cli import COMMANDS, app

HEAVY = ("torch", "kafka", "numpy", "river", "matplotlib")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], [], ["schem"]])
def test_what_only_prints_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "import daemon.cli\n"
        "try:\n"
        f"    sys.argv = ['retaind', *{arguments!r}]\n"
        "    daemon.cli.main()\n"
        "finally:\n"
        f"    print('heavy:', [name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "heavy: []", done.stderr


def test_help_names_every_command_with_a_line_about_it() -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    for name, summary in COMMANDS.items():
        assert name in shown
        assert summary in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"}, prog_name="retaind")
    assert result.exit_code == 0
    assert f"retaind {name}" in result.output
    assert len(result.output.split()) > 15


def test_a_misspelt_command_is_answered_with_the_right_one() -> None:
    result = CliRunner().invoke(app, ["valdate"])
    assert result.exit_code == 2
    assert "validate" in result.output

"""`retaind bench` is gone, and says where it went."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from daemon.cli import app
from daemon.process.exit_codes import ExitCode


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        ([], "python -m benchmarks --list"),
        (["--list"], "python -m benchmarks --list"),
        (
            ["pmnist", "--data", "my data", "--only", "naive"],
            "python -m benchmarks pmnist --data 'my data' --only naive",
        ),
    ],
)
def test_whatever_it_is_asked_it_names_the_command_that_does_it(arguments: list[str], command: str) -> None:
    result = CliRunner().invoke(app, ["bench", *arguments])
    assert result.exit_code == ExitCode.USAGE == 64
    assert result.stdout == ""
    assert f"run `{command}`" in result.stderr
    assert "in a checkout" in result.stderr
    assert len(result.stderr.splitlines()) == 1

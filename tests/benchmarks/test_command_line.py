"""`python -m benchmarks`: what there is, and what is not."""

from __future__ import annotations

from importlib import import_module

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import COMMANDS, PROGRAMS, app
from benchmarks.literature import PROTOCOLS

WIDE = {"COLUMNS": "200"}


@pytest.mark.parametrize("arguments", [[], ["--list"]])
def test_protocols_settings_and_programs_are_listed(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    for name, protocol in PROTOCOLS.items():
        assert f"{name}: {protocol.summary}" in result.stdout
        assert all(setting in result.stdout for setting in protocol.settings)
    for name, summary in PROGRAMS.items():
        assert f"python -m {name}: {summary}" in result.stdout


def test_help_names_every_command() -> None:
    shown = CliRunner().invoke(app, ["--help"], env=WIDE).output
    assert all(name in shown for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(app, [name, "--help"], env=WIDE, prog_name="python -m benchmarks")
    assert result.exit_code == 0
    assert f"python -m benchmarks {name}" in result.output


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_is_there(name: str) -> None:
    assert callable(import_module(name).main)


def test_a_misspelt_protocol_is_answered_with_the_right_one() -> None:
    result = CliRunner().invoke(app, ["pmnst"])
    assert result.exit_code == 2
    assert "pmnist" in result.output

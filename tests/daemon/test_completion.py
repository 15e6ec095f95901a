"""What a shell is told when somebody presses Tab."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RETAIND = str(Path(sys.executable).with_name("retaind"))


def retaind(**environ: str) -> str:
    done = subprocess.run([RETAIND], env=os.environ | environ, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script(shell: str) -> None:
    script = retaind(_RETAIND_COMPLETE=f"source_{shell}")
    assert "retaind" in script
    assert f"complete_{shell}" in script


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("retaind val", ["validate"]),
        ("retaind checkpoint ro", ["rollback"]),
        ("retaind config ", ["show"]),
        ("retaind doctor --js", ["--json"]),
    ],
)
def test_commands_and_options_are_completed(words: str, offered: list[str]) -> None:
    place = str(len(words.split(" ")) - 1)
    assert retaind(_RETAIND_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=place).split() == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_are_answered_too(shell: str) -> None:
    asked = {"_TYPER_COMPLETE_ARGS": "retaind checkpoint ro", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    assert "rollback" in retaind(_RETAIND_COMPLETE=f"complete_{shell}", **asked)


def test_a_real_bash_takes_the_script_and_falls_back_to_files() -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    program = f"""
        eval "$(_RETAIND_COMPLETE=source_bash {RETAIND})"
        COMP_WORDS=(retaind migr) COMP_CWORD=1
        _retaind_completion {RETAIND}
        echo "${{COMPREPLY[@]}}"
        complete -p retaind
    """
    done = subprocess.run([bash, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["migrate", "complete -o default -F _retaind_completion retaind"]

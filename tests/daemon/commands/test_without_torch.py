"""Commands that need no model import no torch, which takes seconds and half a gigabyte."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests/daemon/state/golden/learner-2"
WITHOUT_TORCH = "import sys; sys.modules['torch'] = None; from daemon.cli import main; main()"
"""What is None there cannot be imported."""
DEADLINE_SECONDS = 60


@pytest.mark.parametrize(
    "command",
    [
        ["schema", "--markdown"],
        ["validate", "examples/electricity.yaml"],
        ["config", "show", "examples/late-labels.yaml"],
        ["migrate", "examples/electricity.yaml"],
        ["checkpoint", "list", "--directory", "STATE"],
        ["checkpoint", "inspect", "--directory", "STATE"],
        ["checkpoint", "verify", "--directory", "STATE"],
        ["audit", "--help"],
        ["dead-letters", "list", "--help"],
        ["tap", "--help"],
        ["top", "--help"],
        ["skip", "--help"],
        ["positions", "--help"],
    ],
    ids=lambda words: "-".join(words[:2]),
)
def test_it_runs_where_torch_cannot_be_imported(command: list[str], tmp_path: Path) -> None:
    state = tmp_path / "state"
    shutil.copytree(next(path.parent / "then" for path in GOLDEN.glob("*/retaind.yaml")), state)
    words = [str(state) if word == "STATE" else word for word in command]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *words],
        cwd=ROOT, timeout=DEADLINE_SECONDS, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr

"""What `retaind positions` refuses; what it does is seen in tests/end_to_end/test_stored_positions.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from daemon.commands.positions import positions
from daemon.state.state_lock import StateLock
from tests.kafka.broker import free_port

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """
name: plant
source: {source}
decoder: {{type: json, label: y, features: [a]}}
label: {{max_classes: 2}}
checkpoint: {{directory: "{directory}"}}
"""
KAFKA = 'type: kafka, topics: [t], bootstrap_servers: "127.0.0.1:{port}"'


@pytest.mark.parametrize(
    ("command", "more", "code", "said"),
    [
        ("commit", "", 2, "only a source of type kafka with a group has committed offsets"),
        ("commit", ", group: g, mode: subscribe", 2, "in mode: subscribe the members themselves"),
        ("commit", ", group: g", 2, "there is no checkpoint in"),
        ("clear", ", group: g", 69, "group g at 127.0.0.1:"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, command: str, more: str, code: int, said: str) -> None:
    done = CliRunner().invoke(positions, [command, "-c", str(configured(tmp_path, more))])
    assert done.exit_code == code, done.output
    assert said in " ".join(done.output.replace("│", " ").split())


def test_nothing_is_committed_while_a_daemon_runs(tmp_path: Path) -> None:
    with StateLock(tmp_path):
        done = CliRunner().invoke(positions, ["commit", "-c", str(configured(tmp_path, ", group: g"))])
    assert done.exit_code == 74
    assert "is in use by process" in done.output


def configured(directory: Path, more: str) -> Path:
    file = directory / "retaind.yaml"
    source = "{" + KAFKA.format(port=free_port()) + more + "}"
    file.write_text(CONFIG.format(source=source, directory=directory))
    return file

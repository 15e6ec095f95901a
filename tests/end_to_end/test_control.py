"""A daemon in a process of its own is told over HTTP what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from daemon.state.checkpoints import CheckpointStore
from tests.daemon.event_stream import Stretch, json_lines
from tests.end_to_end.daemon_process import DaemonProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher

TOKEN = "a-token-for-the-test-of-control"  # noqa: S105 - of this test alone
CONFIG = """
source: {{type: file, path: "{directory}/stream.jsonl", rate: 2000, loop: true}}
decoder: {{type: json, label: y, task: task}}
tasks: {{type: field}}
label: {{max_classes: 3}}
optimizer: {{type: adam, lr: {lr}}}
learner: {{batch: 8}}
strategies: [{{type: replay, rows: 100}}, {{type: ewc}}]
checkpoint: {{directory: "{directory}/state", every_seconds: 1000}}
http: {{port: 0, control: {{token_file: "{directory}/token"}}}}
log: {{format: json}}
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    stream = json_lines([Stretch("P", 300)])
    (tmp_path / "stream.jsonl").write_bytes(stream)
    (tmp_path / "token").write_text(TOKEN)
    configure(tmp_path)
    return tmp_path


def configure(directory: Path, *, lr: object = 0.001) -> None:
    (directory / "retaind.yaml").write_text(CONFIG.format(directory=directory, lr=lr))


@pytest.fixture
def daemon(launcher: Launcher, directory: Path) -> Iterator[DaemonProcess]:
    with DaemonProcess(launcher, directory / "retaind.yaml", log=directory / "log") as daemon:
        daemon.until_events(50)
        yield daemon


def ask(daemon: DaemonProcess, action: str, *, shown: str = TOKEN) -> httpx.Response:
    address = daemon.until_said("started")["http"]
    headers = {"Authorization": f"Bearer {shown}"}
    return httpx.post(f"{address}/-/{action}", headers=headers, trust_env=False, timeout=60.0)


def test_a_checkpoint_is_durable_when_it_is_answered(daemon: DaemonProcess, directory: Path) -> None:
    answer = ask(daemon, "checkpoint")
    daemon.kill()
    told = answer.json()
    assert answer.status_code == 200
    newest = CheckpointStore(directory / "state", keep=1).load_newest()
    assert newest is not None
    assert (newest.saved.generation, newest.saved.summary["events"]) == (told["generation"], told["events"])
    assert told["events"] >= 50


def test_a_checkpoint_or_reload_on_a_full_disk_is_refused_with_the_reason_and_it_learns_on(
    daemon: DaemonProcess, directory: Path
) -> None:
    checkpoints, aside = directory / "state" / "checkpoints", directory / "aside"
    checkpoints.rename(aside)
    checkpoints.write_text("in the way")
    configure(directory, lr=0.02)
    for action in ("checkpoint", "reload"):
        answer = ask(daemon, action)
        assert answer.status_code == 409
        assert str(checkpoints) in answer.json()["reason"]
    daemon.until_events(daemon.status()["events"] + 100)
    daemon.until(lambda: daemon.metric("learning_rate", learner="") == 0.001)
    checkpoints.unlink()
    aside.rename(checkpoints)
    assert ask(daemon, "checkpoint").status_code == 200
    assert ask(daemon, "reload").status_code == 200
    daemon.until(lambda: daemon.metric("learning_rate", learner="") == 0.02)


def test_a_reload_is_answered_with_what_came_of_it(daemon: DaemonProcess, directory: Path) -> None:
    configure(directory, lr=0.02)
    assert ask(daemon, "reload").status_code == 200
    daemon.until(lambda: daemon.metric("learning_rate", learner="") == 0.02)
    configure(directory, lr="fast")
    refused = ask(daemon, "reload")
    assert refused.status_code == 409
    assert f"{directory}/retaind.yaml:6:29: optimizer.lr" in refused.json()["reason"]
    assert daemon.metric("config_reloads_total", result="refused") == 1


def test_a_consolidation_shows_in_the_metrics(daemon: DaemonProcess) -> None:
    assert daemon.metric("boundaries_total") == 0
    assert ask(daemon, "consolidate").status_code == 200
    daemon.until(lambda: daemon.metric("boundaries_total") == 1)


def test_it_stops_with_a_last_checkpoint(daemon: DaemonProcess, directory: Path) -> None:
    assert ask(daemon, "quit", shown="not-the-token-at-all").status_code == 401
    assert ask(daemon, "quit").status_code == 202
    assert daemon.wait() == 0
    newest = CheckpointStore(directory / "state", keep=1).load_newest()
    assert newest is not None
    assert newest.saved.summary["events"] == daemon.until_said("stopped")["events"]


@pytest.mark.parametrize("token", ["", "short", "two words of a token"])
def test_a_token_that_is_none_ends_it_with_78(launcher: Launcher, directory: Path, token: str) -> None:
    (directory / "token").write_text(token)
    with DaemonProcess(launcher, directory / "retaind.yaml", log=directory / "log") as daemon:
        assert daemon.wait() == 78
        assert "http.control.token_file" in daemon.log
        assert "openssl rand" in daemon.log

"""A daemon in a process of its own is sent SIGHUP after its file has changed."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING, Any

import pytest

from daemon.build.load import load
from daemon.service import Service
from tests.daemon.event_stream import Stretch, json_lines
from tests.end_to_end.daemon_process import DaemonProcess
from tests.end_to_end.kill_and_resume import Course, differences

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher

EVENTS = 3_000
CONFIG = """
name: plant
source: {{type: file, path: "{stream}"{source}}}
decoder: {{type: json, label: y, task: task}}
tasks: {{type: field}}
label: {{max_classes: 3}}
model: {{type: mlp, hidden: [16]}}
optimizer: {{type: adam, lr: {lr}}}
learner: {{batch: 8}}
strategies: [{{type: replay, rows: 100}}, {{type: ewc}}]
retention: {{every_events: 500}}
checkpoint: {{directory: "{directory}/state", every_events: 100}}
http: {{port: 0}}
log: {{format: json}}
"""
SLOW, ENDLESS = ", rate: 1000", ", rate: 4000, loop: true"


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stream") / "stream.jsonl"
    stretches = [Stretch(task, EVENTS // 6) for task in "PQRPQR"]
    path.write_bytes(json_lines(stretches))
    return path


class File:
    """The configuration file, written again and again."""

    def __init__(self, directory: Path, stream: Path, *, source: str) -> None:
        directory.mkdir()
        self.path = directory / "retaind.yaml"
        self._values = {"directory": directory, "stream": stream, "source": source, "lr": 0.001}
        self.say()

    def say(self, **values: Any) -> None:
        self.path.write_text(CONFIG.format(**self._values | values))


@pytest.fixture
def file(tmp_path: Path, stream: Path) -> File:
    return File(tmp_path / "daemon", stream, source=ENDLESS)


def started(launcher: Launcher, file: File, *, log: str = "log", **environ: str) -> DaemonProcess:
    return DaemonProcess(launcher, file.path, log=file.path.with_name(log), environ=environ)


def rate(daemon: DaemonProcess) -> float:
    """The learning rate as it was told last; it is told once a second."""
    return daemon.metric("learning_rate", learner="")


def test_a_changed_learning_rate_is_in_force_after_a_signal(launcher: Launcher, file: File) -> None:
    with started(launcher, file) as daemon:
        daemon.until(lambda: rate(daemon) == 0.001)
        file.say(lr=0.01)
        daemon.signal(signal.SIGHUP)
        changed = daemon.until_said("configuration reloaded")["changed"]
        assert changed == {"optimizer.lr": {"from": 0.001, "to": 0.01}}
        daemon.until(lambda: rate(daemon) == 0.01)
        assert daemon.status()["learning_rate"] == 0.01
        assert daemon.metric("learning_rate", learner="naive") == 0.01
        assert daemon.metric("config_reloads_total", result="applied") == 1
        assert daemon.metric("config_last_reload_successful") == 1
        assert daemon.metric("config_last_reload_success_timestamp_seconds") > 1.7e9
        daemon.until_events(daemon.events() + 500)
        assert daemon.stop() == 0
    with started(launcher, file, log="log-2") as daemon:
        daemon.until(lambda: rate(daemon) == 0.01)


def test_a_changed_source_is_refused_by_name_and_it_goes_on_as_before(launcher: Launcher, file: File) -> None:
    with started(launcher, file) as daemon:
        daemon.until_events(100)
        file.say(lr=0.01, source=", rate: 1, loop: true")
        daemon.signal(signal.SIGHUP)
        reason = daemon.until_said("configuration not reloaded")["reason"]
        assert reason == "source.rate: needs a restart; nothing of the new configuration was applied"
        daemon.until_events(daemon.events() + 500)
        daemon.until(lambda: rate(daemon) == 0.001)
        assert daemon.metric("config_reloads_total", result="refused") == 1
        assert daemon.metric("config_last_reload_successful") == 0
        assert daemon.get("/readyz")[0] == 200


def test_a_broken_file_changes_nothing_and_its_place_is_in_the_log(launcher: Launcher, file: File) -> None:
    with started(launcher, file) as daemon:
        daemon.until_events(100)
        file.say(lr="fast")
        daemon.signal(signal.SIGHUP)
        reason = daemon.until_said("configuration not reloaded")["reason"]
        assert reason.startswith(f"{file.path}:8:29: optimizer.lr: ")
        daemon.until_events(daemon.events() + 500)
        daemon.until(lambda: rate(daemon) == 0.001)
        file.say(lr=0.002)
        daemon.signal(signal.SIGHUP)
        daemon.until_said("configuration reloaded")
        daemon.until(lambda: daemon.metric("config_last_reload_successful") == 1)


def test_the_supervisor_hears_of_the_reload_and_of_its_end(launcher: Launcher, file: File, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inlet:
        inlet.bind(str(tmp_path / "notify"))
        inlet.settimeout(30.0)
        with started(launcher, file, NOTIFY_SOCKET=str(tmp_path / "notify")) as daemon:
            assert [_word(inlet) for _ in range(2)] == ["EXTEND_TIMEOUT_USEC", "READY"]
            for lr in (0.01, "fast"):
                file.say(lr=lr)
                daemon.signal(signal.SIGHUP)
                name, second = (line.split("=") for line in inlet.recv(4096).decode().splitlines())
                assert (name, second[0]) == (["RELOADING", "1"], "MONOTONIC_USEC")
                assert int(second[1]) > 0
                assert [_word(inlet) for _ in range(2)] == ["EXTEND_TIMEOUT_USEC", "READY"]


def _word(inlet: socket.socket) -> str:
    return inlet.recv(4096).decode().partition("=")[0]


def test_killed_after_a_reload_it_ends_with_the_bits_of_one_that_never_was(
    launcher: Launcher, stream: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed, untroubled = File(tmp_path / "killed", stream, source=SLOW), File(tmp_path / "calm", stream, source="")
    with started(launcher, killed) as daemon:
        daemon.until_events(EVENTS // 8)
        killed.say(lr=0.02)
        daemon.signal(signal.SIGHUP)
        moment = daemon.until_said("configuration reloaded")["events"]
        daemon.kill()
    with started(launcher, killed, log="log-2") as daemon:
        assert daemon.until_said("restored")["events"] >= moment
        daemon.until_events(moment + EVENTS // 4)
        daemon.kill()
    with started(launcher, killed, log="log-3") as daemon:
        assert daemon.wait() == 0, daemon.log
    monkeypatch.setattr("daemon.loop.poll_size.PollSize.max_records", 1)
    with Service(load(untroubled.path), read=lambda: load(untroubled.path)) as service:
        service.run(stop=lambda: service.loop.pipeline.events == moment)
        untroubled.say(lr=0.02)
        assert service.reload() is None
        service.run(stop=lambda: False)
    one, other = (Course(launcher, file.path, EVENTS).newest_state() for file in (killed, untroubled))
    assert one["pipeline"]["main_learner"]["events"] == EVENTS
    assert differences(one["pipeline"], other["pipeline"]) == []

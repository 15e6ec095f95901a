"""`retaind run` in a process of its own: signals, exit codes, and death."""

from __future__ import annotations

import os
import random
import signal
import socket
from typing import TYPE_CHECKING, Any

import pytest

from tests.daemon.event_stream import Stretch, json_lines
from tests.end_to_end.daemon_process import DaemonProcess
from tests.end_to_end.kill_and_resume import Course, differences

if TYPE_CHECKING:
    from collections.abc import Callable
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
learner: {{batch: 8}}
strategies: [{{type: replay, rows: 100}}, {{type: ewc}}]
retention: {{every_events: 500}}
checkpoint: {{directory: "{directory}/state", every_events: 100}}
predictions: {{type: file, path: "{directory}/{predictions}"}}
http: {{port: {port}}}
log: {{format: json}}
"""
FAST, ENDLESS = ", rate: 4000", ", rate: 4000, loop: true"


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stream") / "stream.jsonl"
    stretches = [Stretch(task, EVENTS // 6) for task in "PQRPQR"]
    path.write_bytes(json_lines(stretches))
    return path


@pytest.fixture
def configured(tmp_path: Path, stream: Path) -> Callable[..., Path]:
    """Write a configuration into a directory and return the file."""

    def write(name: str = "daemon", **changed: Any) -> Path:
        directory = tmp_path / name
        directory.mkdir(exist_ok=True)
        values = {"source": "", "predictions": "predictions.jsonl", "port": 0, "stream": stream} | changed
        file = directory / "retaind.yaml"
        file.write_text(CONFIG.format(directory=directory, **values))
        return file

    return write


def started(launcher: Launcher, config: Path, *, log: str = "log", **environ: str) -> DaemonProcess:
    return DaemonProcess(launcher, config, log=config.with_name(log), environ=environ)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_with_a_last_checkpoint_and_a_restart_goes_on_from_there(
    launcher: Launcher, configured: Callable[..., Path], number: signal.Signals
) -> None:
    config = configured(source=ENDLESS)
    with started(launcher, config) as daemon:
        daemon.until_events(150)
        daemon.signal(number)
        assert daemon.wait() == 0
        stopped = daemon.until_said("stopped")
    state = Course(launcher, config, EVENTS).newest_state()
    assert state["pipeline"]["main_learner"]["events"] == stopped["events"] == state["source"]["offset"]
    with started(launcher, config, log="log-2") as daemon:
        assert daemon.until_said("restored")["events"] == stopped["events"]
        daemon.until_events(stopped["events"] + 1)


def test_killed_at_random_moments_it_ends_with_the_same_bits_as_one_that_never_was(
    launcher: Launcher, configured: Callable[..., Path]
) -> None:
    untroubled, killed = configured("untroubled"), configured("killed", source=FAST)
    with started(launcher, untroubled) as daemon:
        assert daemon.wait() == 0, daemon.log
    chance = random.Random()
    for life in range(5):
        with started(launcher, killed, log=f"log-{life}") as daemon:
            daemon.until_events(daemon.events() + chance.randrange(EVENTS // 8))
            daemon.kill()
    with started(launcher, killed, log="log-last") as daemon:
        assert daemon.wait() == 0, daemon.log
    one, other = (Course(launcher, config, EVENTS).newest_state() for config in (untroubled, killed))
    assert one["pipeline"]["main_learner"]["events"] == EVENTS
    assert differences(one, other) == []
    predictions = [config.with_name("predictions.jsonl").read_bytes() for config in (untroubled, killed)]
    assert predictions[0] == predictions[1]


def test_a_second_signal_ends_it_at_once_though_the_loop_is_stuck(
    launcher: Launcher, configured: Callable[..., Path]
) -> None:
    config = configured(source=ENDLESS, predictions="nobody-reads-this")
    os.mkfifo(config.with_name("nobody-reads-this"))
    with started(launcher, config) as daemon:
        daemon.until_said("started")
        while launcher.code(daemon.pid, wait=False) is None:
            daemon.signal(signal.SIGTERM)
        assert daemon.wait() == 128 + signal.SIGTERM


def test_a_state_directory_in_use_ends_it_with_74_and_names_the_process(
    launcher: Launcher, configured: Callable[..., Path]
) -> None:
    config = configured(source=ENDLESS)
    with started(launcher, config) as first:
        first.until_said("started")
        with started(launcher, config, log="log-2") as second:
            assert second.wait() == 74
            assert f"in use by process {first.pid}" in second.log
        assert first.stop() == 0


def test_a_lock_is_free_once_its_owner_was_killed(launcher: Launcher, configured: Callable[..., Path]) -> None:
    config = configured(source=ENDLESS)
    with started(launcher, config) as first:
        first.until_said("started")
        first.kill()
    with started(launcher, config, log="log-2") as second:
        second.until_said("started")
        assert second.stop() == 0


def test_a_port_in_use_ends_it_with_69_and_says_what_to_do(
    launcher: Launcher, configured: Callable[..., Path]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with started(launcher, configured(port=port)) as daemon:
            assert daemon.wait() == 69
            assert f"port {port} on 127.0.0.1 is already in use" in daemon.log


def test_a_wrong_configuration_ends_it_with_78_before_anything_is_touched(
    launcher: Launcher, configured: Callable[..., Path]
) -> None:
    config = configured(source=", rat: 5")
    with started(launcher, config) as daemon:
        assert daemon.wait() == 78
        assert 'source.rat: unknown key; did you mean "rate"?' in daemon.log
    assert not config.with_name("state").exists()


def test_a_missing_file_ends_it_with_65(launcher: Launcher, configured: Callable[..., Path]) -> None:
    with started(launcher, configured(stream="/nowhere/stream.jsonl")) as daemon:
        assert daemon.wait() == 65
        assert "there is no such file" in daemon.log


def test_a_supervisor_is_told_through_its_socket(
    launcher: Launcher, configured: Callable[..., Path], tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inlet:
        inlet.bind(str(tmp_path / "notify"))
        inlet.settimeout(30.0)
        with started(launcher, configured(source=ENDLESS), NOTIFY_SOCKET=str(tmp_path / "notify")) as daemon:
            said = [inlet.recv(4096).splitlines()[0] for _ in range(2)]
            assert said[1] == b"READY=1"
            assert daemon.get("/readyz") == (200, "ok\n")
            assert daemon.stop() == 0
            assert inlet.recv(4096).splitlines()[0] == b"STOPPING=1"

"""The watchdog is told of progress, by a real daemon on a real socket: not of a process that merely lives."""

from __future__ import annotations

import fcntl
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.daemon_process import DaemonProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher

LIMIT_SECONDS = 0.4
BEAT = b"WATCHDOG=1"
CONFIG = """
source: {source}
decoder: {{type: json, label: fault, task: regime}}
tasks: {{type: field}}
label: {{max_classes: 6}}
model: {{type: linear}}
strategies: []
checkpoint: {{directory: "{directory}/state"}}
http: {{port: 0}}
log: {{format: json}}
"""
HELD = (
    '{{type: "tests.daemon.process.held_source:HeldSource", gate: "{directory}/gate", events: 10000000, rate: 500}}'
)
AWAY = '{type: kafka, topics: [plant], bootstrap_servers: "127.0.0.1:1"}'


class Watchdog:
    """The end of the socket at which systemd would listen."""

    def __init__(self, inlet: socket.socket) -> None:
        self._inlet = inlet

    def hears(self, word: bytes) -> bool:
        """Whether the word comes before the limit is over; other words are passed over."""
        end = time.monotonic() + LIMIT_SECONDS
        while (left := end - time.monotonic()) > 0:
            self._inlet.settimeout(left)
            try:
                if self._inlet.recv(4096).split(b"\n")[0] == word:
                    return True
            except TimeoutError:
                return False
        return False

    def empty(self) -> None:
        """Pass over all that was said until now."""
        self._inlet.setblocking(False)
        try:
            while True:
                self._inlet.recv(4096)
        except BlockingIOError:
            pass


@pytest.fixture
def watchdog(tmp_path: Path) -> Iterator[Watchdog]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inlet:
        inlet.bind(str(tmp_path / "notify"))
        yield Watchdog(inlet)


@contextmanager
def watched(launcher: Launcher, directory: Path, *, source: str) -> Iterator[DaemonProcess]:
    config = directory / "retaind.yaml"
    config.write_text(CONFIG.format(source=source, directory=directory))
    environ = {"NOTIFY_SOCKET": str(directory / "notify"), "WATCHDOG_USEC": str(int(LIMIT_SECONDS * 1e6))}
    with DaemonProcess(launcher, config, log=directory / "log", environ=environ) as daemon:
        yield daemon


def test_a_loop_that_is_stuck_sends_no_beat_though_its_process_lives_and_answers(
    launcher: Launcher, watchdog: Watchdog, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    gate.touch()
    with watched(launcher, tmp_path, source=HELD.format(directory=tmp_path)) as daemon:
        daemon.until(lambda: watchdog.hears(b"READY=1"))
        daemon.until(lambda: watchdog.hears(BEAT))
        with gate.open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            assert daemon.get("/livez")[0] == 200
            watchdog.empty()
            watchdog.hears(BEAT)  # of the turn that was under way
            assert not watchdog.hears(BEAT)
            assert daemon.get("/metrics")[0] == 200
        daemon.until(lambda: watchdog.hears(BEAT))
        assert daemon.stop() == 0


def test_a_loop_that_waits_for_a_broker_beats_since_no_restart_would_help(
    launcher: Launcher, watchdog: Watchdog, tmp_path: Path
) -> None:
    with watched(launcher, tmp_path, source=AWAY) as daemon:
        for _ in range(5):
            daemon.until(lambda: watchdog.hears(BEAT))
        assert daemon.get("/readyz")[0] == 503

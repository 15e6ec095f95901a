"""Messages to a real datagram socket, as systemd would receive them."""

from __future__ import annotations

import os
import socket
import time
import uuid
from typing import TYPE_CHECKING

import pytest

from daemon.process.notify import Notify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Supervisor:
    """The receiving end; ``variable`` is what it puts into NOTIFY_SOCKET."""

    def __init__(self, inlet: socket.socket, variable: str) -> None:
        self.inlet = inlet
        self.variable = variable

    def received(self) -> list[str]:
        return self.inlet.recv(4_096).decode().split("\n")

    def is_silent(self) -> bool:
        self.inlet.setblocking(False)
        try:
            self.inlet.recv(4_096)
        except BlockingIOError:
            return True
        return False


@pytest.fixture(params=["path", "abstract"])
def supervisor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Supervisor]:
    name = str(tmp_path / "notify") if request.param == "path" else f"@retaind-{uuid.uuid4().hex}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inlet:
        inlet.bind(name if request.param == "path" else f"\0{name[1:]}")
        inlet.settimeout(5.0)
        yield Supervisor(inlet, name)


@pytest.fixture
def notify(supervisor: Supervisor) -> Notify:
    return Notify({"NOTIFY_SOCKET": supervisor.variable})


def test_ready_comes_with_a_status_on_one_line(notify: Notify, supervisor: Supervisor) -> None:
    notify.ready("learning plant\nfrom offset 99")
    assert supervisor.received() == ["READY=1", "STATUS=learning plant from offset 99"]


def test_each_message_says_what_the_protocol_calls_it(notify: Notify, supervisor: Supervisor) -> None:
    notify.status("restoring generation 7")
    assert supervisor.received() == ["STATUS=restoring generation 7"]
    notify.extend_timeout(2.5)
    assert supervisor.received() == ["EXTEND_TIMEOUT_USEC=2500000"]
    notify.stopping("writing the last checkpoint")
    assert supervisor.received() == ["STOPPING=1", "STATUS=writing the last checkpoint"]


def test_reloading_carries_the_monotonic_time(notify: Notify, supervisor: Supervisor) -> None:
    before = time.monotonic_ns() // 1_000
    notify.reloading()
    first, second = supervisor.received()
    name, usec = second.split("=")
    assert (first, name) == ("RELOADING=1", "MONOTONIC_USEC")
    assert before <= int(usec) <= time.monotonic_ns() // 1_000


def test_beats_are_sent_four_times_within_the_limit_however_often_the_loop_turns(supervisor: Supervisor) -> None:
    ticks = iter([n / 10 for n in range(100)])
    notify = Notify({"NOTIFY_SOCKET": supervisor.variable, "WATCHDOG_USEC": "2000000"}, clock=lambda: next(ticks))
    for _ in range(21):
        notify.beat()
    assert notify.watchdog_seconds == 2.0
    assert [supervisor.received() for _ in range(5)] == [["WATCHDOG=1"]] * 5
    assert supervisor.is_silent()


@pytest.mark.parametrize(
    "watchdog",
    [
        {},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": str(os.getpid() + 1)},
    ],
)
def test_no_beat_where_the_supervisor_does_not_watch_this_process(
    supervisor: Supervisor, watchdog: dict[str, str]
) -> None:
    notify = Notify({"NOTIFY_SOCKET": supervisor.variable, **watchdog})
    notify.beat()
    assert notify.watchdog_seconds is None
    assert supervisor.is_silent()


def test_a_watchdog_meant_for_this_process_is_heeded() -> None:
    assert Notify({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}).watchdog_seconds == 0.5


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1234"}])
def test_without_a_socket_nothing_is_said(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", lambda *_: pytest.fail("a socket was opened"))
    Notify(environ).ready("learning")


def test_a_supervisor_that_is_gone_does_not_stop_the_daemon(tmp_path: Path) -> None:
    Notify({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready("learning")

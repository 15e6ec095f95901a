"""The process that answers HTTP: started by the daemon, started anew, and never left behind."""

from __future__ import annotations

import os
import re
import signal
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trustme
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from daemon.build.server import reports
from daemon.front.desk import Desk
from daemon.front.process import Front
from daemon.front.settings import FrontSettings
from daemon.telemetry.health import Health
from daemon.telemetry.history.recorder import Recorder
from daemon.telemetry.metrics.board import Board
from daemon.telemetry.metrics.http import FAMILIES, FrontRestarts
from daemon.web.control import Control
from daemon.web.tls import Tls
from tests.daemon.web.threaded import DEADLINE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PARENT = """
import sys, time
from daemon.front.desk import Desk
from daemon.front.process import Front
from daemon.front.settings import FrontSettings
from daemon.telemetry.health import Health
from daemon.web.control import Control

health = Health(turn_limit_seconds=0.5)
front = Front(
    FrontSettings(name="retaind", version="0", max_connections=128), host="127.0.0.1", port=0,
    desk=Desk({}, Control()), health=health, restarted=lambda: None,
)
front.start()
print(front.address, flush=True)
while True:
    health.turned()
    time.sleep(0.05)
"""


@contextmanager
def front(health: Health | None = None, **settings: Any) -> Iterator[Front]:
    """A daemon's front, and that part of the daemon that it asks."""
    registry, signs = CollectorRegistry(), health or Health(turn_limit_seconds=60.0)
    board = Board(FAMILIES)
    registry.register(board)
    running = Front(
        FrontSettings(name="retaind", version="0.1.0", **{"max_connections": 128} | settings),
        host="127.0.0.1",
        port=0,
        desk=Desk(reports(registry, signs, Recorder()), Control()),
        health=signs,
        restarted=FrontRestarts(board).one,
    )
    running.start()
    try:
        yield running
    finally:
        running.stop()
        running.stop()


def get(front: Front, path: str, **how: Any) -> httpx.Response:
    return httpx.get(f"{front.address}{path}", trust_env=False, timeout=DEADLINE_SECONDS, **how)


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children(pid: int) -> list[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for each in lists for child in each.read_text().split()]


def test_it_answers_without_torch_whatever_signals_it_hears_and_is_started_anew_where_it_dies() -> None:
    with front() as running, capture_logs() as logs:
        assert get(running, "/livez").text == "ok\n"
        assert running.pid is not None
        assert "libtorch" not in Path(f"/proc/{running.pid}/maps").read_text()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
            os.kill(running.pid, number)
        first = running.pid
        assert "\nretaind_http_restarts_total 0.0\n" in get(running, "/metrics").text
        assert running.pid == first
        os.kill(first, signal.SIGKILL)
        until(lambda: running.pid != first)
        assert "\nretaind_http_restarts_total 1.0\n" in get(running, "/metrics").text
        second = running.pid
    assert [log["event"] for log in logs] == ["the process that answers HTTP has ended, and is started anew"]
    assert logs[0]["code"] == -signal.SIGKILL
    assert not is_alive(first)
    assert not is_alive(second)


@pytest.fixture
def parent() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that has a front, and its address."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


def test_a_daemon_that_hangs_is_told_of_and_one_that_is_killed_takes_it_along(
    parent: tuple[subprocess.Popen[str], str],
) -> None:
    process, address = parent
    with httpx.Client(base_url=address, trust_env=False, timeout=DEADLINE_SECONDS) as client:
        assert client.get("/livez").status_code == 200
        (pid,) = children(process.pid)
        process.send_signal(signal.SIGSTOP)
        until(lambda: client.get("/livez").status_code == 503)
        assert "has not turned" in client.get("/livez").text
    process.kill()
    process.wait()
    until(lambda: not is_alive(pid))


def written(folder: Path, authority: trustme.CA) -> trustme.LeafCert:
    leaf = authority.issue_cert("127.0.0.1")
    leaf.private_key_pem.write_to_path(str(folder / "server.key"))
    leaf.cert_chain_pems[0].write_to_path(str(folder / "server.pem"))
    return leaf


def test_a_changed_certificate_is_served_and_a_bad_one_is_not(tmp_path: Path) -> None:
    authorities = {"first": trustme.CA(), "second": trustme.CA()}
    written(tmp_path, authorities["first"])
    tls = Tls(cert_file=str(tmp_path / "server.pem"), key_file=str(tmp_path / "server.key"))

    def trusting(name: str) -> ssl.SSLContext:
        context = ssl.create_default_context()
        authorities[name].configure_trust(context)
        return context

    def trusts(name: str) -> bool:
        try:
            return get(running, "/livez", verify=trusting(name)).status_code == 200
        except httpx.ConnectError:
            return False

    with front(tls=tls) as running, capture_logs() as logs:
        assert running.address.startswith("https://")
        assert trusts("first")
        told = get(running, "/metrics", verify=trusting("first")).text
        (ends,) = re.findall(r"^retaind_tls_certificate_expiry_timestamp_seconds (.*)$", told, re.MULTILINE)
        assert float(ends) == tls.ends()
        written(tmp_path, authorities["second"])
        until(lambda: trusts("second"))
        (tmp_path / "server.key").write_text("no key")
        until(lambda: any("not used" in log["event"] for log in logs))
        assert trusts("second")
        told = get(running, "/metrics", verify=trusting("second")).text
    assert 'retaind_tls_certificate_reloads_total{result="refused"} 1.0' in told
    assert [log["log_level"] for log in logs] == ["info", "error"]

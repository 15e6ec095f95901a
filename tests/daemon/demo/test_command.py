from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing, suppress
from typing import IO, TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from daemon.cli import app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COMMAND = [sys.executable, "-m", "daemon.cli", "demo"]


def start(*arguments: str, folder: Path) -> subprocess.Popen[str]:
    command = [*COMMAND, *arguments]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def line_with(pattern: str, lines: IO[str]) -> re.Match[str]:
    for line in lines:
        if found := re.search(pattern, line):
            return found
    pytest.fail(f"no line with {pattern}")


def get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own address
        return str(answer.read().decode())


def loop_turns(address: str) -> float:
    found = re.search(r"^retaind_loop_turn_seconds_count (\S+)$", get(f"{address}/metrics"), re.MULTILINE)
    assert found is not None
    return float(found[1])


def await_that(condition: Callable[[], bool], *, within_seconds: float = 60.0) -> None:
    deadline = time.monotonic() + within_seconds
    while not condition():
        assert time.monotonic() < deadline


def test_from_any_folder_it_shows_both_and_ends_when_asked_to(tmp_path: Path) -> None:
    process = start("--exit", "--events", "3000", folder=tmp_path)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (0, "")
    assert "R of naive" in out
    assert "R of retaind" in out
    assert "After 3,000 events" in out
    assert "/metrics" not in out
    assert "\x1b" not in out
    assert max(map(len, out.replace(str(tmp_path), "").splitlines())) <= 80
    picture = tmp_path / "retaind-demo" / "retention.png"
    assert f"Picture of both: {picture}" in out
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.fixture
def usual_port_is_taken() -> Iterator[None]:
    with closing(socket.socket()) as holder:
        with suppress(AssertionError):  # who has it so long keeps it while this test runs; another test would not
            await_that(lambda: _binds(holder, 9464))
            holder.listen()
        yield


def _binds(holder: socket.socket, port: int) -> bool:
    try:
        holder.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


@pytest.mark.usefixtures("usual_port_is_taken")
def test_metrics_are_served_until_ctrl_c_on_a_free_port_where_the_usual_one_is_taken(tmp_path: Path) -> None:
    with start("--events", "2000", "--output", "here", folder=tmp_path) as process:
        try:
            assert process.stdout is not None
            address = line_with(r"(http://127\.0\.0\.1:\d+)/metrics", process.stdout)[1]
            assert not address.endswith(":9464")
            assert 'retaind_retention_score{task="night"}' in get(f"{address}/metrics")
            assert get(f"{address}/livez") == "ok\n"
            assert json.loads(get(f"{address}/status"))["events"] == 2000
            turns = loop_turns(address)
            await_that(lambda: loop_turns(address) >= turns + 3)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        finally:
            process.kill()


def test_a_folder_of_someone_else_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    result = CliRunner().invoke(app, ["demo", "--exit", "--output", str(tmp_path)])
    assert result.exit_code == 74
    assert "name another folder with --output" in result.stderr
    assert len(result.stderr.splitlines()) == 1

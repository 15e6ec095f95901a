"""`retaind top` on real daemons, and on what a hostile stream makes them say."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

import bcrypt
import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from daemon.cli import app
from daemon.config.budget_options import TaskBudgets
from daemon.process.exit_codes import ExitCode
from daemon.service import Service
from daemon.top.client import Client, Standing, UnreachableError
from daemon.top.screen import screen
from daemon.top.watch import watch
from tests.daemon.event_stream import Stretch, json_lines
from tests.daemon.lives import small_config

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.config.schema import Config

WIDTH = 80
BUDGET = TaskBudgets(default=1.0)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    stream = tmp_path / "stream.jsonl"
    stream.write_bytes(json_lines([Stretch("P", 120), Stretch("Q", 120), Stretch("P", 60)]))
    return small_config(tmp_path, source={"type": "file", "path": str(stream)}, http={"port": 0})


def learned(service: Service) -> str:
    service.run(stop=lambda: False)
    return answering(service)


def answering(service: Service) -> str:
    """Its address, once the process that answers has started: that of a busy machine takes its time."""
    httpx.get(f"{service.http.address}/livez", trust_env=False, timeout=60)
    return service.http.address


def text(standing: Standing, *, now: float = 0.0, width: int = WIDTH) -> str:
    console = Console(width=width, file=StringIO(), force_terminal=True, color_system=None)
    console.print(screen(standing, now=now))
    file = console.file
    assert isinstance(file, StringIO)
    return file.getvalue()


def test_it_shows_what_the_daemon_tells(config: Config) -> None:
    with Service(config) as service:
        address = learned(service)
        shown = CliRunner().invoke(app, ["top", address, "--once"])
        standing = Client(address).standing()
    assert shown.exit_code == ExitCode.OK, shown.output
    tasks = standing.status["retention"]["tasks"]
    assert tasks.keys() == {"P", "Q"}
    lines = {line.split()[0]: line.split() for line in shown.output.splitlines() if line.strip()}
    assert lines["events"][1] == "300"
    for name, of in tasks.items():
        assert lines[name][1] == f"{100 * of['score']:.1f}"
    assert {"ready", "checkpoint"} <= set(lines["plant" if "plant" in lines else standing.status["name"]])


def test_everything_fits_eighty_columns(config: Config) -> None:
    with Service(config) as service:
        learned(service)
        standing = Client(service.http.address).standing()
    assert max(len(line) for line in text(standing, now=standing.status["started"] + 1e7).splitlines()) <= WIDTH


def test_before_the_first_event_there_is_little_to_see(config: Config) -> None:
    with Service(config) as service:
        standing = Client(answering(service)).standing()
    assert "events 0" in text(standing)


def test_names_from_the_stream_do_nothing_to_the_terminal(config: Config) -> None:
    wild = "\x1b[2J\u202e[red]" + "x" * 500
    with Service(config) as service:
        learned(service)
        standing = Client(service.http.address).standing()
    status: dict[str, Any] = standing.status
    tasks = status["retention"]["tasks"]
    tasks[wild] = tasks["P"] | {"forgetting": 0.9}
    status["current_task"] = status["name"] = wild
    standing.history["notes"].append({"kind": "failed", "at": 9e9, "text": wild, "count": 1})
    shown = text(standing, now=9e9)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[red]" in shown
    assert max(len(line) for line in shown.splitlines()) <= WIDTH


def test_of_many_tasks_those_that_are_forgotten_most_are_shown(config: Config) -> None:
    with Service(config) as service:
        learned(service)
        standing = Client(service.http.address).standing()
    tasks = standing.status["retention"]["tasks"]
    for number in range(40):
        tasks[f"task{number}"] = tasks["P"] | {"forgetting": number / 100}
    shown = text(standing)
    assert "task39" in shown
    assert "task5 " not in shown
    assert "30 that have forgotten less" in shown


def test_a_password_is_needed_where_users_are_named(tmp_path: Path, config: Config) -> None:
    secret = bcrypt.hashpw(b"open sesame", bcrypt.gensalt(4)).decode()
    web = tmp_path / "web.yml"
    web.write_text(f"basic_auth_users: {{ada: {secret}}}\n", encoding="utf-8")
    guarded = config.model_copy(update={"http": config.http.model_copy(update={"web_config": str(web)})})
    with Service(guarded) as service:
        address = answering(service)
        refused = CliRunner().invoke(app, ["top", address, "--once"])
        asked = ["top", address, "--once", "--user", "ada"]
        let_in = CliRunner().invoke(app, asked, env={"RETAIND_PASSWORD": "open sesame"})
    assert refused.exit_code == ExitCode.UNAVAILABLE
    assert "RETAIND_PASSWORD" in refused.output
    assert let_in.exit_code == ExitCode.OK, let_in.output


@pytest.mark.parametrize(
    ("address", "code"),
    [("http://127.0.0.1:1", ExitCode.UNAVAILABLE), ("ftp://x", ExitCode.USAGE), ("x", ExitCode.USAGE)],
)
def test_what_cannot_be_asked_is_said(address: str, code: ExitCode) -> None:
    shown = CliRunner().invoke(app, ["top", address, "--once"])
    assert (shown.exit_code, address in shown.output) == (code, True)


class _Fading(Client):
    """Answers once, then never again; the third time somebody has seen enough."""

    def __init__(self, standing: Standing) -> None:
        self._answers = [standing]
        self._asked = 0

    def standing(self) -> Standing:
        self._asked += 1
        if self._asked > 3:
            raise KeyboardInterrupt
        if not self._answers:
            raise UnreachableError("it is away")
        return self._answers.pop()


def test_a_daemon_that_goes_away_leaves_what_was_seen_last(config: Config) -> None:
    with Service(config) as service:
        learned(service)
        standing = Client(service.http.address).standing()
    console = Console(width=WIDTH, height=40, file=StringIO(), force_terminal=True)
    with pytest.raises(KeyboardInterrupt):
        watch(_Fading(standing), console=console, every_seconds=0.0, once=False, clock=lambda: 0.0)
    file = console.file
    assert isinstance(file, StringIO)
    last = file.getvalue().rsplit("it is away", 1)[1]
    assert "events 300" in last


def test_it_shows_the_budget_and_what_is_done_about_it(config: Config) -> None:
    held = config.model_copy(update={"retention": config.retention.model_copy(update={"budget": BUDGET})})
    with Service(held) as service:
        shown = CliRunner().invoke(app, ["top", learned(service), "--once"]).output
        status = httpx.get(f"{service.http.address}/status", trust_env=False, timeout=60).json()
        metrics = httpx.get(f"{service.http.address}/metrics", trust_env=False, timeout=60).text
    stage = status["budget"]["stage"]
    assert f"budget {stage}" in shown
    assert f'retaind_budget_stage{{stage="{stage}"}} 1.0' in metrics
    assert 'retaind_budget{task="P"} 1.0' in metrics

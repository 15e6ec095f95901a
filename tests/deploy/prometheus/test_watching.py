"""A real Prometheus scrapes real daemons: every panel has data, and alerts fire of what really happens."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.deploy.prometheus.plants import REGIMES, configure
from tests.deploy.prometheus.rule_files import RULES, rules, tool
from tests.deploy.prometheus.server import WINDOW, Prometheus, hastened
from tests.end_to_end.daemon_process import DaemonProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.launcher import Launcher

DASHBOARDS = Path(__file__).parents[3] / "deploy" / "grafana" / "dashboards"
VARIABLES = {"$job": "retaind", "$target": "", "$__rate_interval": WINDOW, "$__range": "10m"}
RICH = ("rich", "unlabelled")
"""Those that between them have all there is to show."""


@pytest.fixture(scope="module")
def daemons(launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, DaemonProcess]]:
    directory = tmp_path_factory.mktemp("plants")
    with ExitStack() as running:
        started = {
            name: DaemonProcess(launcher, configure(name, directory / name), log=directory / f"{name}.log")
            for name in REGIMES
        }
        for daemon in started.values():
            running.enter_context(daemon)
        yield started


@pytest.fixture(scope="module")
def prometheus(daemons: dict[str, DaemonProcess], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    targets = {name: daemon.until_said("started")["http"] for name, daemon in daemons.items()}
    targets = {name: address.removeprefix("http://") for name, address in targets.items()}
    quick = {file.name: hastened(file.read_text(encoding="utf-8")) for file in RULES.glob("*.yaml")}
    directory = tmp_path_factory.mktemp("prometheus") / "server"
    with Prometheus(tool("prometheus"), directory, targets=targets, rules=quick) as server:
        yield server


def substituted(expr: str) -> str:
    for variable, value in VARIABLES.items():
        expr = expr.replace(variable, value)
    return expr


def has_data(prometheus: Prometheus, expr: str) -> bool:
    return any(prometheus.query(expr.replace("$instance", instance)) for instance in RICH)


def queries() -> dict[str, str]:
    """Every query of every dashboard by where it stands, annotations included."""
    found = {}
    for file in DASHBOARDS.glob("*.json"):
        dashboard = json.loads(file.read_text(encoding="utf-8"))
        for panel in dashboard["panels"]:
            place = f"{file.stem}: {panel['title']}"
            found |= {f"{place} {target['refId']}": target["expr"] for target in panel["targets"]}
        found |= {f"{file.stem}: mark {mark['name']}": mark["expr"] for mark in dashboard["annotations"]["list"]}
    return {place: substituted(expr) for place, expr in found.items()}


def test_every_query_of_every_dashboard_has_data(prometheus: Prometheus) -> None:
    empty = queries()

    def answered() -> bool:
        for place in [place for place, expr in empty.items() if has_data(prometheus, expr)]:
            del empty[place]
        return not empty

    try:
        prometheus.until(answered, "every query has data")
    except AssertionError as error:
        raise AssertionError(f"without data: {json.dumps(empty, indent=2)}") from error


def test_the_variables_of_the_dashboards_find_the_processes(prometheus: Prometheus) -> None:
    found = prometheus.series('retaind_build_info{job="retaind"}')
    assert {labels["instance"] for labels in found} == set(REGIMES)


def test_the_recording_rules_have_data(prometheus: Prometheus) -> None:
    for rule in rules("record"):
        prometheus.until(lambda name=rule["record"]: prometheus.query(name), rule["record"])


def test_alerts_fire_of_what_really_happens_and_say_it_in_words(prometheus: Prometheus) -> None:
    expected = {
        ("RetaindForgetting", "forgetful"),
        ("RetaindTaskForgotten", "forgetful"),
        ("RetaindStreamSilent", "silent"),
        ("RetaindEventsRejected", "rich"),
    }
    said: dict[tuple[str, str], dict[str, str]] = {}

    def fired() -> bool:
        said.update(prometheus.firing())
        return expected <= said.keys()

    prometheus.until(fired, "the alerts fire")
    healthy = {(alert, "rich") for alert in ("RetaindDown", "RetaindNotReady", "RetaindStreamSilent")}
    prometheus.until(lambda: not healthy & prometheus.firing().keys(), "nothing is said of what is well")
    assert all(clear(words) for words in said.values()), said
    assert "warm_up" in said["RetaindTaskForgotten", "forgetful"]["description"]


def clear(words: dict[str, Any]) -> bool:
    text = " ".join(words.values())
    return not any(trace in text for trace in ("<error", "<no value>", "{{", "%!"))


def test_a_daemon_that_dies_is_down(prometheus: Prometheus, daemons: dict[str, DaemonProcess]) -> None:
    daemons["silent"].kill()
    prometheus.until(lambda: ("RetaindDown", "silent") in prometheus.firing(), "the alert fires")
    assert ("RetaindDown", "rich") not in prometheus.firing()

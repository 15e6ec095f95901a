"""Every alert fires on what it is for and not on what is just short of it, and has a page that says what to do."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from daemon.commands.checkpoint import checkpoint
from tests.deploy.metric_names import asked, known, of_several_learners
from tests.deploy.prometheus.rule_files import CASES, ROOT, RULES, RUNBOOKS, rules, tool

if TYPE_CHECKING:
    from pathlib import Path

ALERTS = rules("alert")
OF_CHECKPOINTS = {
    command.name or command.callback.__name__ for command in checkpoint.registered_commands if command.callback
}
CASE_FILES = sorted(CASES.glob("*.yaml"))


def promtool(*arguments: str) -> str:
    done = subprocess.run([tool("promtool"), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_finds_nothing_to_say_about_the_rules() -> None:
    promtool("check", "rules", "--lint=all", "--lint-fatal", *map(str, RULES.glob("*.yaml")))


@pytest.mark.parametrize("cases", CASE_FILES, ids=lambda file: file.stem)
def test_alerts_fire_and_stay_silent_as_the_cases_say(cases: Path) -> None:
    promtool("test", "rules", str(cases))


def expectations() -> list[tuple[str, bool]]:
    """Alert and whether it is expected to fire, of every expectation in the cases."""
    cases = [case for file in CASE_FILES for case in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]]
    tests = [test for case in cases for test in case["promql_expr_test"]]
    return [(name, bool(test["exp_samples"])) for test in tests for name in re.findall(r"Retaind\w+", test["expr"])]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_every_alert_has_cases_labels_words_and_a_runbook(alert: dict[str, Any]) -> None:
    name = alert["alert"]
    assert {(name, True), (name, False)} <= set(expectations())
    assert alert["labels"]["severity"] in {"critical", "warning", "info"}
    assert re.fullmatch(r"\d+[mh]", alert["for"])
    assert alert["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert alert["annotations"]["runbook_url"] == f"docs/runbooks/{name}.md"
    assert (ROOT / alert["annotations"]["runbook_url"]).is_file()


def test_there_is_no_runbook_without_its_alert_and_the_index_names_all() -> None:
    names = {alert["alert"] for alert in ALERTS}
    assert {page.stem for page in RUNBOOKS.glob("Retaind*.md")} == names
    index = (RUNBOOKS / "index.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\((\w+)\.md\)", index)) == names


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("*.md")), ids=lambda page: page.stem)
def test_the_commands_and_metrics_of_a_runbook_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert asked(text) - {"retaind_"} <= prefixes(known())
    told = set(re.findall(r"retaind (validate|checkpoint \w+)\b", text))
    assert told <= {"validate", *(f"checkpoint {name}" for name in OF_CHECKPOINTS)}


def prefixes(names: set[str]) -> set[str]:
    """What grep may look for: every beginning of a name, up to an underscore or the end."""
    return {name[:end] for name in names for end in range(8, len(name) + 1)}


def test_every_metric_that_is_asked_for_exists() -> None:
    exprs = [rule["expr"] for kind in ("alert", "record") for rule in rules(kind)]
    assert asked(" ".join(exprs)) <= known()
    made = {rule["record"] for rule in rules("record")}
    assert set(re.findall(r"\w+:retaind_\w+:\w+", " ".join(exprs))) <= made


@pytest.mark.parametrize("rule", [*ALERTS, *rules("record")], ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_says_which_learner_it_means(rule: dict[str, Any]) -> None:
    for name in asked(rule["expr"]) & of_several_learners():
        uses = re.findall(rf"\b{name}\b(\{{[^}}]*\}})?", rule["expr"])
        assert all("learner" in selector for selector in uses), name

"""The dashboards are what the code says, and any Grafana with a Prometheus can show them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from deploy.grafana import DASHBOARDS
from tests.deploy.metric_names import asked, known, of_several_learners

FOLDER = Path(__file__).parents[3] / "deploy" / "grafana" / "dashboards"
FILES = sorted(FOLDER.glob("*.json"))
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
UNITS = {"bytes", "eps", "none", "ops", "percentunit", "recps", "s", "sci", "short"}


def read(file: Path) -> dict[str, Any]:
    dashboard: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return dashboard


def panels() -> list[Any]:
    return [
        pytest.param(panel, id=f"{file.stem}: {panel['title']}") for file in FILES for panel in read(file)["panels"]
    ]


def test_the_files_are_those_that_the_code_writes() -> None:
    written = {dashboard.file_name: dashboard.text() for dashboard in DASHBOARDS}
    assert {file.name: file.read_text(encoding="utf-8") for file in FILES} == written, "python -m deploy.grafana"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_dashboard_keeps_its_address_and_lets_the_data_source_be_chosen(file: Path) -> None:
    dashboard = read(file)
    assert dashboard["uid"] == f"retaind-{file.stem}"
    assert "id" not in dashboard
    assert dashboard["schemaVersion"] >= 36
    assert dashboard["description"]
    variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
    assert list(variables) == ["datasource", "job", "instance", "target"]
    assert (variables["datasource"]["type"], variables["datasource"]["query"]) == ("datasource", "prometheus")
    assert "current" not in variables["datasource"]
    assert "__inputs" not in dashboard


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_data_source_is_named_anywhere(file: Path) -> None:
    found = sources(read(file))
    assert found
    assert all(source == DATASOURCE for source in found)


def sources(node: Any) -> list[Any]:
    if isinstance(node, dict):
        own = [node["datasource"]] if "datasource" in node else []
        return own + [source for value in node.values() for source in sources(value)]
    return [source for value in node for source in sources(value)] if isinstance(node, list) else []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_panels_have_numbers_of_their_own_and_do_not_overlap(file: Path) -> None:
    placed = read(file)["panels"]
    assert len({panel["id"] for panel in placed}) == len(placed)
    cells = [cell for panel in placed for cell in covered(**panel["gridPos"])]
    assert len(cells) == len(set(cells))
    assert all(0 <= x < 24 for x, _ in cells)


def covered(*, x: int, y: int, w: int, h: int) -> list[tuple[int, int]]:
    return [(column, row) for column in range(x, x + w) for row in range(y, y + h)]


@pytest.mark.parametrize("panel", panels())
def test_a_panel_has_a_unit_a_description_and_queries_about_metrics_that_exist(panel: dict[str, Any]) -> None:
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["description"].endswith(".")
    assert panel["targets"]
    for target in panel["targets"]:
        assert asked(target["expr"]) <= known()
        assert "TARGET" not in target["expr"]


@pytest.mark.parametrize("panel", panels())
def test_a_query_is_about_the_chosen_process_and_says_which_learner_it_means(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        selectors = re.findall(r"\b(retaind_\w+|up)\{([^}]*)\}", target["expr"])
        assert {name for name, _ in selectors} >= asked(target["expr"])
        for name, selector in selectors:
            assert 'job="$job", instance="$instance"' in selector
            assert (name in of_several_learners()) == ("learner" in selector), name


@pytest.mark.parametrize("panel", panels())
def test_a_rate_is_over_the_interval_that_grafana_chooses(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        assert set(re.findall(r"\[(.*?)\]", target["expr"])) <= {"$__rate_interval", "$__range"}


def test_drift_is_marked_where_it_happened() -> None:
    for name in ("retention", "stream", "learning"):
        marks = {mark["name"]: mark for mark in read(FOLDER / f"{name}.json")["annotations"]["list"]}
        assert marks["drift"]["useValueForTime"]
        assert marks["drift"]["expr"].startswith("1000 * retaind_drift_last_detected_timestamp_seconds{")

"""A dashboard: panels in rows, the variables that choose a process, and what happened when."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deploy.grafana.panel import DATASOURCE, TARGET

if TYPE_CHECKING:
    from deploy.grafana.panel import Panel

SCHEMA_VERSION = 39  # of Grafana 11; newer ones migrate it when they load it
COLUMNS = 24


@dataclass(frozen=True, slots=True)
class Annotation:
    """Vertical lines at the times that a query's values are: milliseconds of Unix time."""

    name: str
    expr: str
    colour: str

    def as_json(self) -> dict[str, Any]:
        """Return Grafana's annotation query, its values used as times."""
        return {
            "name": self.name,
            "datasource": DATASOURCE,
            "enable": True,
            "hide": False,
            "expr": self.expr.replace("TARGET", TARGET),
            "iconColor": self.colour,
            "titleFormat": self.name,
            "useValueForTime": True,
        }


DRIFT = Annotation("drift", "1000 * retaind_drift_last_detected_timestamp_seconds{TARGET}", "orange")
ANOMALY = Annotation("anomaly", "1000 * retaind_anomaly_last_detected_timestamp_seconds{TARGET}", "red")
CONSOLIDATION = Annotation(
    "consolidation",
    'max(1000 * retaind_anchor_last_consolidation_timestamp_seconds{learner="", TARGET})',
    "blue",
)
START = Annotation("start", "1000 * retaind_start_timestamp_seconds{TARGET}", "purple")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """One question and the panels that answer it; ``rows`` are laid out one below the other."""

    name: str
    description: str
    rows: tuple[tuple[Panel, ...], ...]
    annotations: tuple[Annotation, ...] = ()

    @property
    def file_name(self) -> str:
        """The file that holds it."""
        return f"{self.name.lower()}.json"

    def text(self) -> str:
        """Return the file's content."""
        return json.dumps(self.as_json(), indent=2, ensure_ascii=False) + "\n"

    def as_json(self) -> dict[str, Any]:
        """Return Grafana's dashboard; its uid is fixed, so that links to it stay."""
        return {
            "uid": f"retaind-{self.name.lower()}",
            "title": f"retaind / {self.name}",
            "description": self.description,
            "tags": ["retaind"],
            "schemaVersion": SCHEMA_VERSION,
            "version": 1,
            "editable": True,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": "now-6h", "to": "now"},
            "timezone": "browser",
            "templating": {"list": _variables()},
            "annotations": {"list": [annotation.as_json() for annotation in self.annotations]},
            "links": [_link_to_the_others()],
            "panels": self._panels(),
        }

    def _panels(self) -> list[dict[str, Any]]:
        placed: list[dict[str, Any]] = []
        y = 0
        for row in self.rows:
            x = 0
            for panel in row:
                placed.append(panel.as_json(len(placed) + 1, x=x, y=y))
                x += panel.width
            assert x == COLUMNS, (self.name, row[0].title, x)
            y += max(panel.height for panel in row)
        return placed


def _variables() -> list[dict[str, Any]]:
    source = {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}
    return [
        {**source, "refresh": 1, "includeAll": False, "multi": False},
        _labels("job", "Job", "label_values(retaind_build_info, job)"),
        _labels("instance", "Instance", 'label_values(retaind_build_info{job="$job"}, instance)'),
        _labels(
            "target",
            "Target",
            'label_values(retaind_events_predicted_total{job="$job", instance="$instance"}, target)',
        ),
    ]


def _labels(name: str, label: str, query: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "definition": query,
        "query": {"query": query, "refId": "StandardVariableQuery"},
        "refresh": 2,
        "sort": 1,
        "includeAll": False,
        "multi": False,
    }


def _link_to_the_others() -> dict[str, Any]:
    return {
        "type": "dashboards",
        "title": "retaind",
        "tags": ["retaind"],
        "asDropdown": False,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
    }

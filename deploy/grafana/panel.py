"""A panel: what it asks Prometheus, in what unit, and what the answer means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
TARGET = 'job="$job", instance="$instance", target=~"|$target"'
"""What ``TARGET`` in a query stands for: the process that a dashboard's variables choose, and one of its targets.

What is of the process, or of one label, has no label ``target``, and is shown whichever is chosen.
"""

Kind = Literal["bargauge", "stat", "state-timeline", "table", "timeseries"]


@dataclass(frozen=True, slots=True)
class Query:
    """A PromQL expression. ``legend`` may name labels as ``{{task}}``; ``instant`` asks for the newest value."""

    expr: str
    legend: str = ""
    instant: bool = False

    def as_json(self, letter: str, *, table: bool) -> dict[str, Any]:
        """Return Grafana's target."""
        return {
            "datasource": DATASOURCE,
            "editorMode": "code",
            "expr": self.expr.replace("TARGET", TARGET),
            "format": "table" if table else "time_series",
            "instant": self.instant,
            "legendFormat": self.legend or "__auto",
            "range": not self.instant,
            "refId": letter,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A picture of some queries. ``width`` is of 24 columns; ``unit`` is one of Grafana's ids.

    ``low`` and ``high`` bound the axis, ``colours`` are (from this value on, colour), the first from -∞ on.
    With ``gradient`` the cells of a table are coloured by their value, but for the column ``heading``.
    """

    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    kind: Kind = "timeseries"
    width: int = 12
    height: int = 8
    low: float | None = None
    high: float | None = None
    decimals: int | None = None
    stacked: bool = False
    colours: tuple[tuple[float | None, str], ...] = ((None, "text"),)
    texts: tuple[tuple[int, str], ...] = ()
    gradient: bool = False
    heading: str = ""
    transformations: tuple[dict[str, Any], ...] = ()

    def as_json(self, number: int, *, x: int, y: int) -> dict[str, Any]:
        """Return Grafana's panel at a place of the grid."""
        letters = zip("ABCDEFGH", self.queries, strict=False)
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": DATASOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "targets": [query.as_json(letter, table=self.kind == "table") for letter, query in letters],
            "fieldConfig": {"defaults": self._field(), "overrides": self._overrides()},
            "options": OPTIONS[self.kind],
            "transformations": list(self.transformations),
        }

    def _field(self) -> dict[str, Any]:
        field: dict[str, Any] = {
            "unit": self.unit,
            "color": {"mode": "continuous-RdYlGr"} if self.gradient else self._colour(),
            "custom": self._custom(),
            "mappings": [{"type": "value", "options": {str(v): {"text": t} for v, t in self.texts}}]
            if self.texts
            else [],
            "thresholds": {"mode": "absolute", "steps": [{"value": v, "color": c} for v, c in self.colours]},
        }
        bounds = {"min": self.low, "max": self.high, "decimals": self.decimals}
        return field | {name: value for name, value in bounds.items() if value is not None}

    def _overrides(self) -> list[dict[str, Any]]:
        if not self.heading:
            return []
        plain = {"unit": "none", "custom.cellOptions": {"type": "auto"}}
        properties = [{"id": name, "value": value} for name, value in plain.items()]
        return [{"matcher": {"id": "byName", "options": self.heading}, "properties": properties}]

    def _colour(self) -> dict[str, str]:
        return {"mode": "palette-classic" if self.kind == "timeseries" else "thresholds"}

    def _custom(self) -> dict[str, Any]:
        if self.kind == "timeseries":
            return {
                "drawStyle": "line",
                "fillOpacity": 40 if self.stacked else 0,
                "lineWidth": 1,
                "showPoints": "auto",
                "spanNulls": False,
                "stacking": {"mode": "normal" if self.stacked else "none", "group": "A"},
            }
        if self.kind == "table" and self.gradient:
            return {"align": "center", "cellOptions": {"type": "color-background", "mode": "basic"}}
        return {}


_NEWEST = {"calcs": ["lastNotNull"], "fields": "", "values": False}
OPTIONS: dict[Kind, dict[str, Any]] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {"reduceOptions": _NEWEST, "colorMode": "value", "graphMode": "area", "textMode": "auto"},
    "bargauge": {"reduceOptions": _NEWEST, "displayMode": "basic", "orientation": "horizontal"},
    "table": {"showHeader": True, "cellHeight": "sm"},
    "state-timeline": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
        "mergeValues": True,
        "showValue": "auto",
    },
}


def stat(
    title: str,
    *,
    description: str,
    unit: str,
    expr: str,
    width: int = 4,
    colours: tuple[tuple[float | None, str], ...] = ((None, "text"),),
    texts: tuple[tuple[int, str], ...] = (),
) -> Panel:
    """Return a figure as of now, with its course behind it."""
    return Panel(
        title=title,
        description=description,
        unit=unit,
        queries=(Query(expr),),
        kind="stat",
        width=width,
        height=4,
        colours=colours,
        texts=texts,
    )

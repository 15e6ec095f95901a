"""docs/metrics.md and /metrics say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.telemetry.metrics import AREAS
from daemon.telemetry.metrics.board import OVERFLOW
from tests.daemon.telemetry.metrics.told import told_everything

if TYPE_CHECKING:
    from daemon.telemetry.metrics.family import Family

DOCUMENT = Path(__file__).parents[4] / "docs" / "metrics.md"
SUFFIX = {"counter": "_total", "info": "_info"}


def documented() -> dict[str, tuple[str, ...]]:
    """Type, labels, unit and meaning by name, from the tables."""
    rows = [line.strip("|").split("|") for line in DOCUMENT.read_text().splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in row] for row in rows]
    return {row[0].strip("`"): tuple(row[1:]) for row in cells}


def test_every_table_row_is_a_metric_as_shown_with_type_and_labels() -> None:
    shown = {}
    for metric in told_everything().collect():
        labels = {tuple(label for label in sample.labels if label != "le") for sample in metric.samples}
        assert len(labels) == 1, metric.name
        shown[metric.name + SUFFIX.get(metric.type, "")] = (metric.type, labels.pop())
    table = {
        name: (kind, tuple(re.findall(r"`(\w+)`", labels))) for name, (kind, labels, *_) in documented().items()
    }
    assert shown == table


def test_every_table_row_repeats_unit_and_meaning_of_the_declaration() -> None:
    families: list[Family] = [OVERFLOW, *(family for area in AREAS for family in area.FAMILIES)]
    declared = {family.name: (family.unit, family.meaning) for family in families}
    assert {name: (unit, meaning) for name, (_, _, unit, meaning) in documented().items()} == declared
    assert len(families) == len(declared)

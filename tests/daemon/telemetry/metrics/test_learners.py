"""Several learners are shown in the same families, told apart by one label."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import generate_latest
from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from daemon.telemetry.metrics.board import OVERFLOW
from daemon.telemetry.metrics.learner import FAMILIES
from tests.daemon.telemetry.metrics.told import (
    new_metrics,
    tell_learning,
    tell_loop_and_stream,
    tell_retention,
    tell_scores,
)

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

DOCUMENT = Path(__file__).parents[4] / "docs" / "metrics.md"


def two_learners() -> CollectorRegistry:
    registry, metrics = new_metrics()
    tell_loop_and_stream(metrics)
    beside = metrics.beside("naive")
    for each in (metrics, beside):
        tell_learning(each)
        tell_scores(each)
    beside.training.did(steps=2, steps_rejected=1, steps_saved=3, loss=0.4)
    return registry


def test_the_main_learner_has_no_learner_label_and_each_companion_has_its_own() -> None:
    registry, metrics = new_metrics()
    for name in ("naive", "challenger"):
        metrics.beside(name).retention.scored(
            {"day": 0.5},
            samples={},
            errors={},
            forgetting={},
            summary={"average_score": len(name) / 100},
            at_seconds=0,
        )
    tell_retention(metrics, {"day": 0.9})
    assert registry.get_sample_value("retaind_retention_score", {"task": "day"}) == 0.9
    assert registry.get_sample_value("retaind_retention_score", {"task": "day", "learner": "naive"}) == 0.5
    assert registry.get_sample_value("retaind_average_score", {"learner": "challenger"}) == 0.1
    assert registry.get_sample_value("retaind_average_score", {"learner": "naive"}) == 0.05


def test_every_family_is_described_once_and_its_series_follow() -> None:
    text = generate_latest(two_learners()).decode()
    described = Counter(re.findall(r"^# (HELP|TYPE) (\S+)", text, flags=re.MULTILINE))
    assert set(described.values()) == {1}
    encode, _ = choose_encoder("application/openmetrics-text")
    families = list(parse_openmetrics(encode(two_learners()).decode()))  # type: ignore[no-untyped-call]  # upstream has no types
    assert len({family.name for family in families}) == len(families)


def test_a_companion_has_the_metrics_that_the_documentation_names() -> None:
    shown = {
        sample.name
        for metric in two_learners().collect()
        for sample in metric.samples
        if sample.labels.get("learner") == "naive"
    }
    assert shown == {family.name for family in FAMILIES}
    text = DOCUMENT.read_text(encoding="utf-8")
    for area in ("Strategies and buffers", "Prequential score", "Retention"):
        section = text.partition(f"\n## {area}\n")[2].partition("\n## ")[0]
        names = set(re.findall(r"^\| `(\w+)`", section, flags=re.MULTILINE))
        assert names - {"retaind_classes_known"} <= shown


def test_a_family_that_only_a_baseline_has_is_shown() -> None:
    registry, metrics = new_metrics()
    metrics.beside("no_change").prequential.overall(score=0.6, samples=5, window_score=0.7, window_samples=4)
    assert registry.get_sample_value("retaind_prequential_score", {"learner": "no_change"}) == 0.6
    assert registry.get_sample_value("retaind_prequential_score") is None
    assert registry.get_sample_value("retaind_learner_steps_total", {"learner": "no_change"}) is None


def test_what_overflows_is_counted_for_the_main_learner_alone() -> None:
    registry, metrics = new_metrics(max_tasks=1)
    for each in (metrics, metrics.beside("naive")):
        tell_retention(each, {"day": 0.9, "night": 0.8})
    (overflow,) = (metric for metric in registry.collect() if f"{metric.name}_total" == OVERFLOW.name)
    assert all("learner" not in sample.labels for sample in overflow.samples)
    assert registry.get_sample_value("retaind_retention_score", {"task": "night", "learner": "naive"}) is None


def test_only_the_newest_boundaries_of_its_matrix_are_shown() -> None:
    registry, metrics = new_metrics()
    metrics.beside("naive").retention.matrix({row: {"day": 0.5} for row in range(40)}, untrained={})
    (cells,) = (metric.samples for metric in registry.collect() if metric.name == "retaind_retention_matrix")
    assert [cell.labels["boundary"] for cell in cells] == [str(row) for row in range(24, 40)]

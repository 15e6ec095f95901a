"""What a scraper reads is well formed and follows Prometheus' conventions, whatever the stream is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from connectors.source import PartitionStatus
from tests.daemon.telemetry.metrics.told import new_metrics, told_everything

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

    from daemon.telemetry.metrics import Metrics

BASE_UNITS = {"seconds", "bytes"}
OTHER_SCALES = ("_milliseconds", "_ms", "_minutes", "_kilobytes", "_mb", "_percent")


def both(registry: CollectorRegistry) -> tuple[list[Metric], list[Metric]]:
    encode, _ = choose_encoder("application/openmetrics-text")
    openmetrics = parse_openmetrics(encode(registry).decode())  # type: ignore[no-untyped-call]  # upstream has no types
    return list(parse_text(generate_latest(registry).decode())), list(openmetrics)


def test_text_and_openmetrics_parse_and_show_the_same_series() -> None:
    text, openmetrics = both(told_everything())
    assert series(text) == series(openmetrics)


def series(metrics: list[Metric]) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for metric in metrics
        for sample in metric.samples
    }


@pytest.mark.parametrize("metric", both(told_everything())[1], ids=lambda metric: metric.name)
def test_names_help_and_units_follow_the_conventions(metric: Metric) -> None:
    assert metric.name.startswith("retaind_")
    assert metric.name == metric.name.lower()
    assert metric.documentation.endswith(".")
    assert not metric.name.endswith(OTHER_SCALES)
    last = metric.name.rsplit("_", 1)[1]
    assert (last in BASE_UNITS) == (metric.unit in BASE_UNITS)
    if metric.type != "counter":
        assert not any(sample.name.endswith("_total") for sample in metric.samples)


def test_no_series_appears_twice() -> None:
    samples = [sample for metric in both(told_everything())[0] for sample in metric.samples]
    assert len(series(both(told_everything())[0])) == len(samples)


def test_a_histogram_counts_each_turn_once() -> None:
    registry, metrics = new_metrics()
    for seconds in (0.0005, 0.3, 60.0):
        metrics.loop.turn(turn_seconds=seconds)
    assert registry.get_sample_value("retaind_loop_turn_seconds_count") == 3
    assert registry.get_sample_value("retaind_loop_turn_seconds_sum") == pytest.approx(60.3005)
    assert registry.get_sample_value("retaind_loop_turn_seconds_bucket", {"le": "0.5"}) == 2


CHARACTERS = st.characters() | st.sampled_from('\ud800\0\r\n\\"')


@given(st.lists(st.text(CHARACTERS), max_size=8, unique=True))
def test_any_name_in_the_stream_can_be_scraped(names: list[str]) -> None:
    registry, metrics = new_metrics(max_tasks=5)
    tell_names(metrics, names)
    text, openmetrics = both(registry)
    assert series(text) == series(openmetrics)
    shown = [sample.labels["task"] for metric in text for sample in metric.samples if "task" in sample.labels]
    assert all(shown)


def tell_names(metrics: Metrics, names: list[str]) -> None:
    counts = dict.fromkeys(names, 1)
    metrics.strategies.buffer(
        "replay", rows=1, capacity_rows=1, size_bytes=1, seen=1, task_rows=counts, class_rows=counts
    )
    metrics.prequential.by_task(dict.fromkeys(names, 0.5), samples=counts)
    metrics.stream.partitions([PartitionStatus(name, 0, 0, 1, 0.0) for name in names])
    for name in names:
        metrics.tasks.current(name, boundaries=0)

"""However many names a stream has, the number of series is bounded and what exceeds it is counted."""

from __future__ import annotations

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from connectors.decoder import RejectReason
from connectors.source import PartitionStatus
from daemon.telemetry.metrics.bounded_labels import OTHER, BoundedLabels
from daemon.telemetry.metrics.stream import REJECTIONS
from tests.daemon.telemetry.metrics.told import new_metrics, tell_retention

NAMES = [f"task {number}" for number in range(6)]


@given(st.lists(st.text(max_size=3)), st.integers(min_value=1, max_value=4))
def test_labels_are_bounded_stable_and_distinct(values: list[str], limit: int) -> None:
    labels = BoundedLabels("task", limit=limit)
    first = {value: labels.place(value) for value in values}
    assert {value: labels.place(value) for value in values} == first
    own = [place for value, place in first.items() if place != labels.other]
    assert len(set(own)) == len(own) <= limit


def test_two_long_names_that_look_alike_are_not_mixed() -> None:
    labels = BoundedLabels("task", limit=9)
    assert labels.place("x" * 500) != labels.place("x" * 500 + "y") == labels.other


def test_counts_beyond_the_bound_are_added_up_and_counted() -> None:
    registry, metrics = new_metrics(max_classes=4)
    metrics.strategies.buffer(
        "replay", rows=6, capacity_rows=9, size_bytes=1, seen=1, task_rows={}, class_rows=dict.fromkeys(NAMES, 10)
    )
    others = {"strategy": "replay", "class": OTHER}
    assert registry.get_sample_value("retaind_buffer_class_rows", others) == 20
    assert registry.get_sample_value("retaind_label_overflow_total", {"label": "class"}) == 2


def test_scores_beyond_the_bound_are_left_out() -> None:
    registry, metrics = new_metrics(max_tasks=4)
    tell_retention(metrics, dict.fromkeys(NAMES, 0.5))
    shown = [s.labels["task"] for m in registry.collect() for s in m.samples if m.name == "retaind_retention_score"]
    assert shown == NAMES[:4]
    overflow = registry.get_sample_value("retaind_label_overflow_total", {"label": "task"})
    assert overflow is not None
    assert overflow >= 2


def test_a_score_that_the_daemon_itself_keeps_for_other_tasks_is_shown() -> None:
    registry, metrics = new_metrics(max_tasks=1)
    tell_retention(metrics, {"day": 0.9, OTHER: 0.4, "night": 0.1})
    assert registry.get_sample_value("retaind_retention_score", {"task": OTHER}) == 0.4


def test_only_the_newest_boundaries_of_the_matrix_are_shown() -> None:
    registry, metrics = new_metrics(max_boundaries=3)
    metrics.retention.matrix({row: {"day": row / 200} for row in range(100)}, untrained={})
    cells = next(m for m in registry.collect() if m.name == "retaind_retention_matrix").samples
    assert [(cell.labels["boundary"], cell.value) for cell in cells] == [("97", 0.485), ("98", 0.49), ("99", 0.495)]


def test_partitions_beyond_the_bound_share_their_lag_and_the_oldest_progress() -> None:
    registry, metrics = new_metrics(max_partitions=1)
    statuses = [PartitionStatus("plant", n, 10, 10 + n, 100.0 - n) for n in (2, 1, 0)]
    metrics.stream.partitions([*statuses, PartitionStatus("plant", 3, 10, None, 50.0)])
    others = {"topic": OTHER, "partition": OTHER}
    assert registry.get_sample_value("retaind_partition_lag", others) == 3
    assert registry.get_sample_value("retaind_partition_last_progress_timestamp_seconds", others) == 50.0
    assert registry.get_sample_value("retaind_partition_position", others) is None
    assert registry.get_sample_value("retaind_partition_position", {"topic": "plant", "partition": "0"}) == 10
    assert registry.get_sample_value("retaind_partitions_assigned") == 4


def test_a_revoked_partition_disappears_and_an_unknown_end_has_no_lag() -> None:
    registry, metrics = new_metrics()
    metrics.stream.partitions([PartitionStatus("plant", 0, 5, 9, 1.0), PartitionStatus("plant", 1, 5, 9, 1.0)])
    metrics.stream.partitions([PartitionStatus("plant", 1, 6, None, 2.0)])
    zero, one = ({"topic": "plant", "partition": partition} for partition in "01")
    assert registry.get_sample_value("retaind_partition_position", zero) is None
    assert registry.get_sample_value("retaind_partition_position", one) == 6
    assert registry.get_sample_value("retaind_partition_lag", one) is None


def test_a_position_ahead_of_a_stale_end_is_no_negative_lag() -> None:
    registry, metrics = new_metrics()
    metrics.stream.partitions([PartitionStatus("plant", 0, 12, 9, 1.0)])
    assert registry.get_sample_value("retaind_partition_lag", {"topic": "plant", "partition": "0"}) == 0


def test_every_reason_of_the_decoders_is_shown_from_the_start() -> None:
    assert {reason for _, reason in REJECTIONS} == set(get_args(RejectReason))


def test_a_task_that_is_gone_gives_its_label_to_a_new_one() -> None:
    labels = BoundedLabels("task", limit=2)
    assert [labels.place(name) for name in ("a", "b", "c")] == [("a",), ("b",), (OTHER,)]
    labels.keep([("b",), ("c",)])
    assert [labels.place(name) for name in ("b", "c", "a")] == [("b",), ("c",), (OTHER,)]

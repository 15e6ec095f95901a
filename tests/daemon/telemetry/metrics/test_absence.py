"""Undefined is absent, never zero; a count that is known to be zero is zero."""

from __future__ import annotations

from math import inf, nan

import pytest

from daemon.telemetry.metrics.loop import STAGES
from daemon.telemetry.metrics.stream import REJECTIONS
from tests.daemon.telemetry.metrics.told import SUMMARY, new_metrics, tell_retention

SCORES = [
    "retaind_learner_loss",
    "retaind_newest_event_timestamp_seconds",
    "retaind_prequential_score",
    "retaind_prequential_window_kappa",
    "retaind_retention_scored_timestamp_seconds",
    "retaind_average_score",
    "retaind_backward_transfer",
    "retaind_drift_last_detected_timestamp_seconds",
    "retaind_checkpoint_generation",
    "retaind_checkpoint_last_success_timestamp_seconds",
    "retaind_config_last_reload_successful",
]
COUNTS = [
    "retaind_events_received_total",
    "retaind_events_learned_total",
    "retaind_learner_steps_rejected_total",
    "retaind_dead_letters_total",
    "retaind_dead_letters_lost_total",
    "retaind_boundaries_total",
    "retaind_drift_alarms_total",
    "retaind_checkpoint_failures_total",
    "retaind_loop_turn_seconds_count",
    "retaind_ready",
]


@pytest.mark.parametrize("name", SCORES)
def test_what_is_unknown_at_the_start_is_absent(name: str) -> None:
    registry, _ = new_metrics()
    assert registry.get_sample_value(name) is None


@pytest.mark.parametrize("name", COUNTS)
def test_what_has_not_happened_yet_counts_zero(name: str) -> None:
    registry, _ = new_metrics()
    assert registry.get_sample_value(name) == 0


def test_counters_with_known_labels_start_at_zero() -> None:
    registry, _ = new_metrics()
    for stage in STAGES:
        assert registry.get_sample_value("retaind_busy_seconds_total", {"stage": stage}) == 0
    for stage, reason in REJECTIONS:
        rejection = {"stage": stage, "reason": reason}
        assert registry.get_sample_value("retaind_events_rejected_total", rejection) == 0
    for result in ("applied", "refused"):
        assert registry.get_sample_value("retaind_config_reloads_total", {"result": result}) == 0
    for label in ("task", "class", "stage,reason"):
        assert registry.get_sample_value("retaind_label_overflow_total", {"label": label}) == 0


@pytest.mark.parametrize("undefined", [None, nan, inf, -inf])
def test_an_undefined_score_is_absent_also_after_it_was_defined(undefined: float | None) -> None:
    registry, metrics = new_metrics()
    tell_retention(metrics, {"day": 0.9})
    tell_retention(metrics, {"day": undefined}, summary={**SUMMARY, "forward_transfer": undefined})
    assert registry.get_sample_value("retaind_retention_score", {"task": "day"}) is None
    assert registry.get_sample_value("retaind_retention_matrix", {"boundary": "1", "task": "day"}) is None
    assert registry.get_sample_value("retaind_forward_transfer") is None
    assert registry.get_sample_value("retaind_retention_samples", {"task": "day"}) == 25
    assert registry.get_sample_value("retaind_average_score") == 0.9


def test_a_task_that_is_forgotten_on_purpose_disappears() -> None:
    registry, metrics = new_metrics()
    tell_retention(metrics, {"day": 0.9, "night": 0.8})
    tell_retention(metrics, {"night": 0.8}, forgetting={})
    for name in ("retaind_retention_score", "retaind_retention_samples", "retaind_forgetting"):
        assert registry.get_sample_value(name, {"task": "day"}) is None
    assert registry.get_sample_value("retaind_retention_score", {"task": "night"}) == 0.8


def test_loss_and_event_time_stay_through_a_turn_without_events() -> None:
    registry, metrics = new_metrics()
    metrics.loop.turn(loss=0.5, newest_event_seconds=1_500.0)
    metrics.loop.turn()
    assert registry.get_sample_value("retaind_learner_loss") == 0.5
    assert registry.get_sample_value("retaind_newest_event_timestamp_seconds") == 1_500.0


@pytest.mark.parametrize(
    ("penalty", "consolidations", "active"), [(None, 0, 0), (0.0, 3, 0), (0.1, 0, 0), (0.1, 3, 1)]
)
def test_an_anchor_without_consolidation_or_with_a_penalty_of_exactly_zero_is_shown_as_off(
    penalty: float | None, consolidations: int, active: int
) -> None:
    registry, metrics = new_metrics()
    metrics.strategies.anchor("ewc", penalty=penalty, consolidations=consolidations, consolidated_seconds=None)
    assert registry.get_sample_value("retaind_anchor_active", {"strategy": "ewc"}) == active
    assert registry.get_sample_value("retaind_anchor_penalty", {"strategy": "ewc"}) == penalty

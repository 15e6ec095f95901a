"""A registry whose daemon has told everything that there is to tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry

from connectors.source import PartitionStatus
from daemon.intake.features.categories import CategoryCounts
from daemon.intake.features.key_slots import KnownKeys
from daemon.learning.snapshot import LaterSnapshot
from daemon.process.own_use import OwnUse
from daemon.scoring.age_scores import AgeScore
from daemon.scoring.anomalies import AnomalyCounts
from daemon.scoring.average_lead import AverageLead
from daemon.scoring.budget.snapshot import BudgetSnapshot
from daemon.scoring.estimated_accuracy import AccuracyEstimate
from daemon.scoring.intervals import IntervalScore
from daemon.scoring.lead import Lead
from daemon.scoring.prequential_score import PrequentialScore
from daemon.telemetry.metrics import Metrics
from daemon.telemetry.metrics.http import HttpMetrics
from strategies.plasticity import Plasticity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.telemetry.metrics.learner import LearnerMetrics

    OfALearner = Metrics | LearnerMetrics

SUMMARY = {
    "average_score": 0.9,
    "backward_transfer": -0.05,
    "forward_transfer": 0.1,
    "forgetting": 0.05,
    "learning_accuracy": 0.95,
    "min_acc": 0.85,
    "wc_acc": 0.88,
}


def new_metrics(**bounds: int) -> tuple[CollectorRegistry, Metrics]:
    registry = CollectorRegistry()
    metrics = Metrics(registry, version="0.1.0", torch_version="2.13.0", started_seconds=1_000.0, **bounds)
    return registry, metrics


def told_everything(*, front: bool = True) -> CollectorRegistry:
    """With what the process that answers HTTP tells itself, or without."""
    registry, metrics = new_metrics()
    if front:
        of_front = HttpMetrics(metrics.front._board)
        of_front.stands(connections=3, gave_way=2, resident_bytes=40_000_000)
        of_front.certificate(ends_at=2_000_000_000.0)
    tell_loop_and_stream(metrics)
    tell_learning(metrics)
    metrics.strategies.classes_known(2)
    tell_scores(metrics)
    metrics.committee.weights({"main": 0.25, "last_label": 0.75})
    newest = Lead(rows=1_000, score=0.9, other=0.8, deviations=5.0)
    average = AverageLead(events=50_000, tasks=2, score=0.9, other=0.7)
    metrics.leads.show({"naive": newest}, average={"naive": average})
    metrics.advice.below({"no_change": False, "naive": True})
    metrics.ages.scored([AgeScore("1d", now=0.8, when_new=0.9, samples=200)])
    metrics.tasks.known(["day", "night"], merged=1)
    metrics.tasks.current("night", boundaries=3)
    metrics.tasks.drift(alarms=1, detected_seconds=1_700.0)
    metrics.checkpoints.written(7, size_bytes=4_096, duration_seconds=0.02, at_seconds=1_800.0)
    metrics.intervals.scored({"day": IntervalScore(1_000, coverage=0.9, width=2.5, unbounded=0.01)})
    metrics.anomalies.show(AnomalyCounts(scored=900, odd=4, anomalies=2), detected_seconds=1_820.0)
    metrics.budget.show(
        BudgetSnapshot(
            stage="boost",
            causes=("day",),
            budgets={"day": 0.03, "night": 0.05},
            boosts={"day": 2.0},
            evaluations_frozen=0,
            events_left=None,
            entered={"calm": 1, "boost": 2, "rollback": 0, "freeze": 0, "trial": 0},
            let_go=0,
        )
    )
    metrics.serving.begin()
    metrics.serving.answered(200, rows=3, seconds=0.002)
    metrics.serving.copied(events=100, at_seconds=1_850.0)
    metrics.process.ready(ready=True)
    metrics.process.reloaded("applied", at_seconds=1_900.0)
    metrics.process.uses(OwnUse(400 * 2**20, 12.5, descriptors=40, most_descriptors=1024))
    metrics.process.disks({"state": 10**9})
    return registry


def tell_loop_and_stream(metrics: Metrics) -> None:
    metrics.loop.turn(
        received=100,
        predicted=96,
        learned=90,
        held_out=6,
        steps=3,
        steps_rejected=1,
        steps_saved=2,
        loss=0.7,
        newest_event_seconds=1_500.0,
        busy_seconds={"poll": 0.1, "learn": 0.2},
        turn_seconds=0.3,
    )
    metrics.stream.rejected({("decode", "tombstone"): 4}, dead_letters=4)
    metrics.labels.show(
        LaterSnapshot(
            unlabelled=7,
            early=1,
            bytes=4_096,
            outcomes={"learned": 90, "expired": 3},
            delay_counts=(40, 50),
            delay_bounds=(60.0,),
            delay_seconds=9_000.0,
            by_delay={"60": PrequentialScore(rows=40, accuracy=0.9)},
        )
    )
    metrics.estimate.show(AccuracyEstimate(0.8, answers=900, estimated_then=0.9, was=0.85, compared=800))
    metrics.stream.odd({("temp", "out_of_range"): 2})
    metrics.stream.remembered(KnownKeys(known=5, limit=5, dropped=1), held=3)
    metrics.stream.order_timeouts(2)
    metrics.stream.partitions([PartitionStatus("plant", 0, 100, 150, 1_600.0)])
    metrics.categories.show({"wind": CategoryCounts(known=8, limit=8, unseen=3)})


def tell_learning(metrics: OfALearner) -> None:
    metrics.strategies.anchor("ewc", penalty=0.01, consolidations=2, consolidated_seconds=1_400.0)
    metrics.strategies.buffer(
        "replay",
        rows=10,
        capacity_rows=20,
        size_bytes=640,
        seen=90,
        task_rows={"day": 4, "night": 6},
        class_rows={"ok": 9, "leak": 1},
    )
    metrics.strategies.figures("replay", {"largest_class_rows": 9})
    norms = {"0": 3.0, "2": 2.0, "4": 1.0}
    metrics.plasticity.show(Plasticity({"2": 0.1, "4": 0.0}, 12.5, norms, norms))
    metrics.strategies.restraint(learning_rate=0.05, steps_left=100)


def tell_scores(metrics: OfALearner) -> None:
    metrics.prequential.overall(
        score=0.8, samples=96, kappa=0.3, window_score=0.9, window_samples=50, window_kappa=0.4
    )
    metrics.prequential.by_task({"day": 0.9, "night": 0.7}, samples={"day": 48, "night": 48})
    tell_retention(metrics, {"day": 0.9, "night": 0.8})
    metrics.retention.reference(0.93, initial=0.97, samples=1_000)


def tell_retention(metrics: OfALearner, scores: Mapping[str, float | None], **changed: Any) -> None:
    metrics.retention.scored(
        scores,
        **{
            "samples": dict.fromkeys(scores, 25),
            "errors": dict.fromkeys(scores, 0.08),
            "forgetting": {"day": 0.05},
            "summary": SUMMARY,
            "at_seconds": 1_650.0,
            **changed,
        },
    )
    metrics.retention.matrix({0: {"day": 0.95}, 1: scores}, untrained={"day": 0.5, "night": 0.5})

"""What ``/status`` shows."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from daemon.learning.snapshot import COMMITTEE, NO_CHANGE
from daemon.scoring.class_scores import balanced_accuracy
from daemon.telemetry.comparison import comparisons, is_like_main

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.source import SourceStatus
    from daemon.learning.snapshot import CommitteeSnapshot, LaterSnapshot, LearnerSnapshot, PipelineSnapshot
    from daemon.scoring.average_lead import AverageLead
    from daemon.scoring.class_scores import ClassScore
    from daemon.scoring.lead import Lead
    from daemon.scoring.learner_scores import LearnerScores
    from daemon.scoring.prequential_score import PrequentialScore
    from daemon.telemetry.advice import Advice


def target_status(pipeline: PipelineSnapshot, *, matrix: Mapping[int, Mapping[str, float]]) -> dict[str, Any]:
    """Return where all learners of a label stand; ``matrix`` is the main learner's R, by boundary and task."""
    shown: dict[str, Any] = {
        "waiting": pipeline.waiting,
        "tasks": list(pipeline.tasks.values()),
        "current_task": pipeline.current_task,
        "classes": list(pipeline.classes),
    }
    if pipeline.later is not None:
        shown["labels"] = labels_status(pipeline.later)
    if pipeline.main is None:
        return shown
    shown |= learner_status(pipeline.main, pipeline.tasks)
    shown["retention"]["matrix"] = matrix
    shown["retention"]["by_age"] = [
        {"age": each.age, "score": each.now, "when_new": each.when_new, "samples": each.samples}
        for each in pipeline.ages
    ]
    shown["buffers"] = {
        name: named(strategy.buffer.by_task, pipeline.tasks)
        for name, strategy in pipeline.main.strategies.items()
        if strategy.buffer is not None
    }
    if pipeline.by_class:
        shown["by_class"] = by_class_status(pipeline.by_class)
        shown["balanced_accuracy"] = balanced_accuracy(pipeline.by_class.values())
    if pipeline.intervals:
        shown["intervals"] = {task: asdict(each) for task, each in pipeline.intervals.items()}
    if pipeline.anomalies is not None:
        shown["anomalies"] = asdict(pipeline.anomalies)
    if pipeline.budget is not None:
        shown["budget"] = asdict(pipeline.budget)
    if pipeline.committee is not None:
        shown["committee"] = committee_status(pipeline.committee, pipeline.tasks)
        shown["committee"]["lead"] = {"newest": lead_status(pipeline.leads.of_main.get(COMMITTEE))}
    shown["leads"] = {name: lead_status(lead) for name, lead in pipeline.leads.of_answers.items()}
    return shown | {"companions": companions_status(pipeline, pipeline.main)}


def companions_status(pipeline: PipelineSnapshot, main: LearnerSnapshot) -> dict[str, Any]:
    """Return how the no-change baseline and the companions stand, and how far the main learner leads each.

    Of their scores only the leads compare: what else is told of one may be of other events.
    """
    no_change = no_change_status(main.scores.total, main.scores.window)
    no_change["lead"] = {"newest": lead_status(pipeline.leads.of_main.get(NO_CHANGE)), "average": None}
    return {NO_CHANGE: no_change} | {
        name: learner_status(pipeline.learners[name], pipeline.tasks)
        | {
            "compares": is_like_main(pipeline, name),
            "lead": {"newest": lead_status(of.newest), "average": average_lead_status(of.average)},
        }
        for name, of in comparisons(pipeline).items()
    }


def advice_status(advice: Advice) -> dict[str, Any]:
    """Return what an operator is to hear: below which reference the published answers are, and what to do."""
    return {
        "reference": advice.reference,
        "since_events": advice.since_events,
        "lead": lead_status(advice.lead),
        "why": advice.why,
        "remedy": advice.remedy,
    }


def lead_status(lead: Lead | None) -> dict[str, Any] | None:
    """Return how far one who predicts is ahead of another."""
    if lead is None:
        return None
    return {"rows": lead.rows, "score": lead.score, "other": lead.other, "lead": lead.lead}


def average_lead_status(lead: AverageLead | None) -> dict[str, Any] | None:
    """Return how far one learner is ahead of another on the probe sets."""
    if lead is None:
        return None
    shown = {"events": lead.events, "tasks": lead.tasks}
    return shown | {"score": lead.score, "other": lead.other, "lead": lead.lead}


def stream_status(pipeline: PipelineSnapshot, source: SourceStatus) -> dict[str, Any]:
    """Return where the stream stands."""
    return {
        "ready": source.ready,
        "reason": source.reason,
        "events": pipeline.events,
        "waiting": pipeline.waiting,
        "held": pipeline.held,
        "features": list(pipeline.features),
        "left_out": dict(pipeline.left_out),
        "tasks": list(pipeline.tasks.values()),
        "current_task": pipeline.current_task,
        "classes": list(pipeline.classes),
        "categories": {field: asdict(counts) for field, counts in pipeline.categories.items()},
        "partitions": [
            {
                "topic": partition.topic,
                "partition": partition.partition,
                "position": partition.position,
                "end_offset": partition.end_offset,
                "last_progress": partition.last_progress_seconds,
            }
            for partition in source.partitions
        ],
    }


def labels_status(later: LaterSnapshot) -> dict[str, Any]:
    """Return what waits for labels, what has come of labels, and how good answers were by the label's delay."""
    return {
        "waiting_rows": later.unlabelled,
        "waiting_bytes": later.bytes,
        "early_labels": later.early,
        "outcomes": dict(later.outcomes),
        "by_delay": {
            name: {"rows": score.rows, "score": score.retention_score} for name, score in later.by_delay.items()
        },
        "estimate": None if later.estimate is None else asdict(later.estimate),
    }


def by_class_status(scores: Mapping[str, ClassScore]) -> dict[str, Any]:
    """Return how good the published answers are, class by class."""
    return {
        name: {"rows": of.rows, "predicted": of.predicted, "recall": of.recall, "precision": of.precision}
        for name, of in scores.items()
    }


def learner_status(learner: LearnerSnapshot, names: Mapping[int, str]) -> dict[str, Any]:
    """Return how a learner stands: steps, strategies, scores and retention; ``names`` are those of all tasks."""
    return {
        "steps": learner.steps,
        "steps_rejected": learner.steps_rejected,
        "steps_left": learner.steps_left,
        "learning_rate": learner.learning_rate,
        "parameters": learner.parameters,
        "strategies": {name: strategy.gauges for name, strategy in learner.strategies.items()},
        "plasticity": None if learner.plasticity is None else asdict(learner.plasticity),
        "prequential": prequential_status(learner.scores.total, learner.scores.window),
        "retention": retention_status(learner.scores, names),
    }


def committee_status(committee: CommitteeSnapshot, names: Mapping[int, str]) -> dict[str, Any]:
    """Return how good the committee's answers are, and whom it believes."""
    scores = committee.scores
    return {
        "prequential": prequential_status(scores.total, scores.window),
        "retention": retention_status(scores, names),
        "weights": dict(committee.weights),
    }


def retention_status(scores: LearnerScores, names: Mapping[int, str]) -> dict[str, Any]:
    """Return what is still known of every task."""
    figures, reference = scores.figures, scores.reference
    return {
        **scores.summary,
        "boundaries": figures.boundaries,
        "events": figures.events,
        "tasks": {
            names[task]: {
                "score": of.now,
                "standard_error": of.error,
                "samples": of.samples,
                "best": of.best,
                "forgetting": of.forgetting,
            }
            for task, of in figures.tasks.items()
        },
        "reference": None if reference is None else {"score": reference.now, "initial": reference.initial},
    }


def prequential_status(total: PrequentialScore, window: PrequentialScore) -> dict[str, Any]:
    """Return how good answers are, over everything and over the window."""
    return {
        "score": total.retention_score,
        "window_score": window.retention_score,
        "kappa": total.kappa,
        "window_kappa": window.kappa,
        "mae": total.mae,
        "window_mae": window.mae,
        "rmse": total.rmse,
        "window_rmse": window.rmse,
        "rows": total.rows,
    }


def no_change_status(total: PrequentialScore, window: PrequentialScore) -> dict[str, Any]:
    """Return how the no-change baseline stands, which repeats the last label."""
    return {
        "prequential": {
            "score": total.no_change_score,
            "window_score": window.no_change_score,
            "rows": total.compared,
        }
    }


def named(counts: Mapping[int, int], names: Mapping[int, str]) -> dict[str, int]:
    """Return counts by code under the codes' names."""
    return {names[index]: count for index, count in counts.items()}

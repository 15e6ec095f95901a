"""What ``/status`` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.learning.snapshot import MAIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.source import SourceStatus
    from daemon.learning.snapshot import CommitteeSnapshot, LearnerSnapshot, PipelineSnapshot
    from daemon.scoring.learner_scores import LearnerScores
    from daemon.scoring.prequential_score import PrequentialScore
    from daemon.telemetry.snapshot import Snapshot

COMMITTEE = "committee"
"""The name of the committee's answers, among those of the companions."""

NO_CHANGE = "no_change"
"""The name of the no-change baseline, among those of the companions."""


def status(snapshot: Snapshot, *, matrix: Mapping[int, Mapping[str, float]]) -> dict[str, Any]:
    """Return where the stream and all learners stand; ``matrix`` is the main learner's R, by boundary and task."""
    pipeline = snapshot.pipeline
    shown = stream_status(pipeline, snapshot.source)
    if pipeline.main is None:
        return shown
    shown |= learner_status(pipeline.main, pipeline.tasks)
    shown["retention"]["matrix"] = matrix
    shown["buffers"] = {
        name: named(strategy.buffer.by_task, pipeline.tasks)
        for name, strategy in pipeline.main.strategies.items()
        if strategy.buffer is not None
    }
    companions = {
        name: learner_status(learner, pipeline.tasks) for name, learner in pipeline.learners.items() if name != MAIN
    }
    if pipeline.committee is not None:
        shown["committee"] = committee_status(pipeline.committee, pipeline.tasks)
    scores = pipeline.main.scores
    return shown | {"companions": {NO_CHANGE: no_change_status(scores.total, scores.window)} | companions}


def stream_status(pipeline: PipelineSnapshot, source: SourceStatus) -> dict[str, Any]:
    """Return where the stream stands."""
    return {
        "ready": source.ready,
        "reason": source.reason,
        "events": pipeline.events,
        "waiting": pipeline.waiting,
        "features": list(pipeline.features),
        "tasks": list(pipeline.tasks.values()),
        "current_task": pipeline.current_task,
        "classes": list(pipeline.classes),
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


def learner_status(learner: LearnerSnapshot, names: Mapping[int, str]) -> dict[str, Any]:
    """Return how a learner stands: steps, strategies, scores and retention; ``names`` are those of all tasks."""
    return {
        "steps": learner.steps,
        "steps_rejected": learner.steps_rejected,
        "steps_left": learner.steps_left,
        "learning_rate": learner.learning_rate,
        "parameters": learner.parameters,
        "strategies": {name: strategy.gauges for name, strategy in learner.strategies.items()},
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
            names[task]: {"score": of.now, "samples": of.samples, "best": of.best, "forgetting": of.forgetting}
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

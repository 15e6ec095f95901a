"""What ``/status`` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.source import SourceStatus
    from daemon.learning.pipeline import Pipeline
    from daemon.scoring.learner_scores import Marked, Marks
    from daemon.scoring.prequential_score import PrequentialScore


def stream_status(pipeline: Pipeline, source: SourceStatus) -> dict[str, Any]:
    """Return where the stream stands."""
    return {
        "ready": source.ready,
        "reason": source.reason,
        "events": pipeline.events,
        "waiting": pipeline.waiting,
        "features": list(pipeline.feature_names or ()),
        "tasks": list(pipeline.task_names.values()),
        "current_task": pipeline.current_task,
        "classes": list(pipeline.class_names),
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


def learner_status(learner: Marked, marks: Marks, names: Mapping[int, str]) -> dict[str, Any]:
    """Return how a learner stands: steps, strategies, scores and retention."""
    figures, reference = marks.figures, learner.examiner.reference
    return {
        "steps": learner.learner.steps,
        "steps_rejected": learner.learner.rejected_steps,
        "steps_left": learner.steps_left,
        "learning_rate": learner.learning_rate,
        "parameters": len(learner.learner.parameters),
        "strategies": dict(marks.gauges),
        "prequential": {
            "score": marks.total.retention_score,
            "window_score": marks.window.retention_score,
            "kappa": marks.total.kappa,
            "window_kappa": marks.window.kappa,
            "rows": marks.total.rows,
        },
        "retention": {
            **marks.summary,
            "boundaries": figures.boundaries,
            "events": figures.events,
            "tasks": {
                names[task]: {"score": of.now, "samples": of.samples, "best": of.best, "forgetting": of.forgetting}
                for task, of in figures.tasks.items()
            },
            "reference": None if reference is None else {"score": reference.now, "initial": reference.initial},
        },
    }


def no_change_status(total: PrequentialScore, window: PrequentialScore) -> dict[str, Any]:
    """Return how the reference stands that repeats the last label."""
    return {
        "prequential": {
            "score": total.no_change_score,
            "window_score": window.no_change_score,
            "rows": total.compared,
        }
    }

"""From a configuration to what lies between source and sinks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from daemon.build.anomalies import build_anomalies
from daemon.build.later_intake import build_later_intake
from daemon.build.main_learner import build_main_learner
from daemon.build.module import known_classes
from daemon.build.reference import read_reference
from daemon.build.rows import build_origins, build_rows, number_text
from daemon.config.components import resolve
from daemon.intake.features.categories import Categories
from daemon.intake.intake import Intake
from daemon.intake.labels.alone import ALONE
from daemon.intake.labels.encoder import label_encoder
from daemon.intake.labels.options import ClassLabel, NumberLabel
from daemon.learning.later.later_pipeline import LaterPipeline
from daemon.learning.pipeline import Pipeline
from daemon.learning.target_pipelines import TargetPipelines
from daemon.scoring.estimated_accuracy import EstimatedAccuracy
from daemon.scoring.intervals import AdaptiveIntervals
from daemon.scoring.later_intervals import LaterIntervals
from daemon.tasks import TASKS
from daemon.tasks.boundaries import Boundaries
from daemon.tasks.task_names import TaskNames

if TYPE_CHECKING:
    from daemon.config.schema import Config
    from daemon.learning.any_pipeline import AnyPipeline
    from daemon.learning.stopwatch import Stopwatch
    from daemon.tasks.contract import Tasks


def build_any_pipeline(config: Config, *, stopwatch: Stopwatch) -> AnyPipeline:
    """Return everything between source and sinks, for one label or for several targets."""
    pipelines = {name: build_pipeline(view, stopwatch=stopwatch) for name, view in config.views.items()}
    return pipelines[ALONE] if ALONE in pipelines else TargetPipelines(pipelines)


def build_pipeline(config: Config, *, stopwatch: Stopwatch) -> Pipeline:
    """Return what learns one label; its model is made when the first event shows its width."""
    assert not config.targets, "each has a pipeline of its own"
    tasks = build_tasks(config)
    if config.label.is_later:
        of_classes = isinstance(config.label, ClassLabel)
        kind: Any = partial(
            LaterPipeline,
            most_waiting_bytes=config.label.max_waiting_bytes,
            publish_expired=config.label.publish_expired and config.predictions is not None,
            estimated=EstimatedAccuracy(window=config.retention.window) if of_classes else None,
        )
        intake: Intake = build_later_intake(config, tasks=tasks)
    else:
        kind, intake = Pipeline, build_intake(config, tasks=tasks)
    pipeline: Pipeline = kind(
        intake,
        boundaries=Boundaries(config.retention.min_segment_events),
        tasks=tasks,
        make_main_learner=partial(build_main_learner, config, tasks=tasks, stopwatch=stopwatch),
        read_reference=None if config.reference is None else partial(read_reference, config),
        stopwatch=stopwatch,
        publish_predictions=config.predictions is not None,
        intervals=build_intervals(config),
        anomalies=build_anomalies(config),
        top=config.label.top if isinstance(config.label, ClassLabel) else None,
    )
    return pipeline


def build_intervals(config: Config) -> AdaptiveIntervals | None:
    """Return what makes intervals around numbers; None where none are asked for."""
    label = config.label
    if not isinstance(label, NumberLabel) or label.coverage is None:
        return None
    kind = LaterIntervals if label.is_later else AdaptiveIntervals
    return kind(label.coverage, window=config.retention.window)


def build_tasks(config: Config) -> Tasks:
    """Return what tells tasks apart."""
    tasks: Tasks = resolve(config.tasks.type, TASKS)(config.tasks, names=build_names(config))
    return tasks


def build_names(config: Config) -> TaskNames:
    """Return what bounds the number of tasks."""
    retention = config.retention
    alive_events = retention.alive_events if retention.when_full == "merge_oldest" else None
    return TaskNames(retention.max_tasks, alive_events=alive_events)


def build_intake(config: Config, *, tasks: Tasks) -> Intake:
    """Return what makes rows of records."""
    labels = label_encoder(config.label, known=known_classes(config), text=number_text(config.decoder))
    rows = build_rows(
        config,
        config.decoder,
        labels=labels,
        origins=build_origins(config),
        categories=Categories(config.features.categories),
    )
    return Intake(rows, tasks=tasks, holdout_share=config.retention.probe_share, seed=config.seed)

"""From a configuration to the parts that it names."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from connectors import DEAD_LETTERS, DECODERS, PREDICTIONS, SOURCES
from daemon.boundaries import Boundaries
from daemon.build_module import known_classes
from daemon.build_reference import read_reference
from daemon.build_student import build_student
from daemon.config.components import resolve
from daemon.intake import Intake
from daemon.pipeline import Pipeline
from daemon.tasks import TASKS
from daemon.tasks.task_names import TaskNames

if TYPE_CHECKING:
    from connectors.sink import DeadLetters, Predictions
    from connectors.source import Source
    from daemon.config.schema import Config
    from daemon.stopwatch import Stopwatch
    from daemon.tasks.contract import Tasks


def build_source(config: Config) -> Source:
    """Return the configured source, not yet opened."""
    source: Source = resolve(config.source.type, SOURCES)(config.source)
    return source


def build_dead_letters(config: Config) -> DeadLetters | None:
    """Return the configured dead letters, None where there are none."""
    options = config.dead_letters
    return None if options is None else resolve(options.type, DEAD_LETTERS)(options)


def build_predictions(config: Config) -> Predictions | None:
    """Return the configured sink of predictions, None where there is none."""
    options = config.predictions
    return None if options is None else resolve(options.type, PREDICTIONS)(options)


def build_pipeline(config: Config, *, stopwatch: Stopwatch) -> Pipeline:
    """Return everything between source and sinks; the model is made when the first event shows its width."""
    tasks = build_tasks(config)
    return Pipeline(
        build_intake(config, tasks=tasks),
        boundaries=Boundaries(config.retention.min_segment_events),
        tasks=tasks,
        make_student=partial(build_student, config, tasks=tasks, stopwatch=stopwatch),
        read_reference=None if config.reference is None else partial(read_reference, config),
        stopwatch=stopwatch,
        publish_predictions=config.predictions is not None,
    )


def build_tasks(config: Config) -> Tasks:
    """Return what tells tasks apart."""
    tasks: Tasks = resolve(config.tasks.type, TASKS)(config.tasks, names=TaskNames(config.retention.max_tasks))
    return tasks


def build_intake(config: Config, *, tasks: Tasks) -> Intake:
    """Return what makes rows of records."""
    return Intake(
        resolve(config.decoder.type, DECODERS)(config.decoder),
        features=config.features,
        label=config.label,
        tasks=tasks,
        holdout_share=config.retention.probe_share,
        seed=config.seed,
        known_classes=known_classes(config),
    )

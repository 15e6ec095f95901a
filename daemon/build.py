"""From a configuration to the parts that it names."""

from __future__ import annotations

import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from connectors import DEAD_LETTERS, DECODERS, PREDICTIONS, SOURCES
from daemon.boundaries import Boundaries
from daemon.config.components import resolve
from daemon.config.sections import ClassLabel
from daemon.intake import Intake
from daemon.pipeline import Pipeline
from daemon.scoring.examiner import Examiner
from daemon.scoring.no_change import NoChange
from daemon.scoring.prequential import Prequential
from daemon.scoring.probe_sets import ProbeSets
from daemon.scoring.retention import RetentionMatrix
from daemon.student import Student
from daemon.tasks import TASKS
from daemon.tasks.task_names import TaskNames
from daemon.updates import Updates
from strategies import MODELS, OPTIMIZERS, STRATEGIES
from strategies.learner import Learner
from strategies.network import network_of
from strategies.objective import Classification, Objective, Regression
from strategies.scaler import OnlineScaler
from strategies.strategy import Setting, Strategy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connectors.sink import DeadLetters, Predictions
    from connectors.source import Source
    from daemon.config.schema import Config
    from daemon.stopwatch import Stopwatch
    from daemon.tasks.contract import Tasks


def generator_for(config: Config, part: str) -> np.random.Generator:
    """Return a part's own source of chance: from the configured seed and the part's name, and nothing else."""
    return np.random.default_rng([config.seed, zlib.crc32(part.encode())])


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
    tasks: Tasks = resolve(config.tasks.type, TASKS)(config.tasks, names=TaskNames(config.retention.max_tasks))
    intake = Intake(
        resolve(config.decoder.type, DECODERS)(config.decoder),
        features=config.features,
        label=config.label,
        tasks=tasks,
        holdout_share=config.retention.probe_share,
        seed=config.seed,
    )
    return Pipeline(
        intake,
        boundaries=Boundaries(config.retention.min_segment_events),
        tasks=tasks,
        make_student=lambda features: build_student(config, features=features, tasks=tasks, stopwatch=stopwatch),
        stopwatch=stopwatch,
        publish_predictions=config.predictions is not None,
    )


def build_student(config: Config, *, features: int, tasks: Tasks, stopwatch: Stopwatch) -> Student:
    """Return an untrained student for rows of so many features."""
    learner = build_learner(config, features=features)
    retention, classification = config.retention, learner.objective.classification
    probes = ProbeSets(retention.probe_rows, max_tasks=tasks.names.size, generator=generator_for(config, "probes"))
    examiner = Examiner(
        learner,
        probes=probes,
        matrix=RetentionMatrix(tasks.names.size, max_boundaries=retention.max_boundaries),
        max_tasks=tasks.names.size,
    )
    declared = config.label.classes if isinstance(config.label, ClassLabel) else None
    return Student(
        learner,
        features=features,
        block_rows=config.learner.batch,
        updates=Updates(
            per_block=config.learner.updates_per_batch,
            per_event=config.learner.updates_per_event,
            per_task=config.learner.updates_per_task,
        ),
        known_classes=len(declared or ()),
        probes=probes,
        examiner=examiner,
        examine_every_events=retention.every_events,
        prequential=Prequential(retention.window, classification=classification, max_tasks=tasks.names.size),
        no_change=NoChange(classification=classification),
        tasks=tasks,
        stopwatch=stopwatch,
    )


def build_learner(config: Config, *, features: int) -> Learner:
    """Return an untrained learner for rows of so many features; the same configuration makes the same one."""
    objective = _objective(config)
    module = _module(config, features=features, outputs=objective.outputs)
    network = network_of(module)
    optimizer = resolve(config.optimizer.type, OPTIMIZERS)(config.optimizer, parameters=len(network.parameters))
    return Learner(
        network,
        objective=objective,
        optimizer=optimizer,
        strategies=list(_strategies(config, features=features, objective=objective)),
        scaler=OnlineScaler(features) if config.learner.standardise else None,
        clip_norm=config.learner.clip_norm,
    )


def _objective(config: Config) -> Objective:
    label = config.label
    if isinstance(label, ClassLabel):
        return Classification(len(label.classes or ()) or label.max_classes)
    return Regression(standardise=label.standardise)


def _module(config: Config, *, features: int, outputs: int) -> torch.nn.Module:
    """Make the model under a seed of its own; torch's global generator then goes on from there."""
    torch.manual_seed(int(generator_for(config, "model").integers(1 << 62)))
    factory = resolve(config.model.type, MODELS)
    try:
        if hasattr(factory, "Options"):
            module = factory(config.model, features=features, outputs=outputs)
        else:
            module = factory(features=features, outputs=outputs, **config.model.model_dump(exclude={"type"}))
    except ValueError as error:
        raise config.error(("model",), str(error)) from error
    if not isinstance(module, torch.nn.Module):
        raise config.error(("model", "type"), f"{config.model.type} returned no torch.nn.Module")
    return module


def _strategies(config: Config, *, features: int, objective: Objective) -> Iterable[tuple[str, Strategy]]:
    """Yield the strategies by type; a second one of the same type is called, say, ``replay-2``."""
    count: Counter[str] = Counter()
    for index, options in enumerate(config.strategies):
        kind = options.type.rpartition(":")[2]
        count[kind] += 1
        name = kind if count[kind] == 1 else f"{kind}-{count[kind]}"
        setting = Setting(
            features=features,
            outputs=objective.outputs,
            classification=objective.classification,
            batch_rows=config.learner.batch,
            generator=generator_for(config, name),
        )
        method: Any = resolve(options.type, STRATEGIES)
        try:
            yield name, method(options, setting=setting)
        except ValueError as error:
            raise config.error(("strategies", index), str(error)) from error

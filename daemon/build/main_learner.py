"""From a configuration to a student, and to the learners beside it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch

from daemon.build.learner import build_learner, generator_for
from daemon.build.module import known_classes
from daemon.config.challenger_view import challenger_view
from daemon.config.companion_views import frozen_view, naive_view
from daemon.config.companions_section import TwinSection
from daemon.intake.labels.options import ClassLabel
from daemon.learning.companion import Companion
from daemon.learning.companions import Companions
from daemon.learning.frozen import Frozen
from daemon.learning.main_learner import Student
from daemon.learning.step_budget import Updates
from daemon.learning.torch_generator import OwnChance
from daemon.learning.training import Training
from daemon.scoring.evaluator import Examiner
from daemon.scoring.no_change import NoChange
from daemon.scoring.prequential import Prequential
from daemon.scoring.probe_sets import ProbeSets
from daemon.scoring.reference_score import ReferenceScore
from daemon.scoring.retention import RetentionMatrix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemon.config.schema import Config
    from daemon.intake.reference.rows import ReferenceRows
    from daemon.learning.stopwatch import Stopwatch
    from daemon.tasks.contract import Tasks
    from strategies.learner import Learner

ALWAYS = TwinSection(every_blocks=1, every_examinations=1)


def build_student(
    config: Config, *, features: int, tasks: Tasks, stopwatch: Stopwatch, reference: ReferenceRows | None = None
) -> Student:
    """Return an untrained student for rows of so many features; ``reference`` has them in the same order."""
    retention = config.retention
    probes = ProbeSets(retention.probe_rows, max_tasks=tasks.names.size, generator=generator_for(config, "probes"))
    records = _Records(config, probes=probes, max_tasks=tasks.names.size, reference=reference)
    learner = build_learner(config, features=features, reference=reference)
    declared = config.label.classes if isinstance(config.label, ClassLabel) else None
    return Student(
        learner,
        features=features,
        block_rows=config.learner.batch,
        updates=_updates(config),
        known_classes=max(len(declared or known_classes(config)), reference.classes if reference else 0),
        probes=probes,
        examiner=records.examiner(learner),
        examine_every_events=retention.every_events,
        prequential=records.prequential(learner),
        no_change=NoChange(classification=learner.objective.classification),
        companions=Companions(dict(_makers(config, features=features, records=records))),
        tasks=tasks,
        stopwatch=stopwatch,
    )


@dataclass(frozen=True, slots=True)
class _Records:
    """Makes what a learner's marks are kept in; the probe sets and the reference are the same for all."""

    config: Config
    probes: ProbeSets
    max_tasks: int
    reference: ReferenceRows | None

    def examiner(self, learner: Learner) -> Examiner:
        return Examiner(
            learner,
            probes=self.probes,
            matrix=RetentionMatrix(self.max_tasks, max_boundaries=self.config.retention.max_boundaries),
            max_tasks=self.max_tasks,
            reference=None if self.reference is None else ReferenceScore(learner, probes=self.reference.probes),
        )

    def prequential(self, learner: Learner) -> Prequential:
        classification = learner.objective.classification
        return Prequential(self.config.retention.window, classification=classification, max_tasks=self.max_tasks)


def _makers(config: Config, *, features: int, records: _Records) -> Iterator[tuple[str, Callable[[], Companion]]]:
    """Yield what makes each configured companion. Without strategies, the main learner is the naive one."""
    companions, make = config.companions, partial(_companion, features=features, records=records)
    if companions.naive is not None and config.strategies:
        view = naive_view(config)
        yield "naive", partial(make, Companion, view, duty=companions.naive)
    if companions.frozen is not None:
        view = frozen_view(config)
        yield "frozen", partial(make, Frozen, view, duty=companions.frozen)
    if companions.challenger is not None:
        view = challenger_view(config, companions.challenger)
        yield "challenger", partial(make, Companion, view, duty=ALWAYS, chance="challenger/")


def _companion(
    kind: type[Companion],
    view: Config,
    *,
    features: int,
    records: _Records,
    duty: TwinSection,
    chance: str = "",
) -> Companion:
    # Making a model sets torch's global generator, which goes on to be the main learner's.
    with torch.random.fork_rng(devices=[]):
        learner = build_learner(view, features=features, reference=records.reference, chance=chance)
        own = OwnChance()
    return kind(
        learner,
        training=Training(learner, updates=_updates(view)),
        chance=own,
        features=features,
        block_rows=view.learner.batch,
        every_blocks=duty.every_blocks,
        every_examinations=duty.every_examinations,
        examiner=records.examiner(learner),
        prequential=records.prequential(learner),
    )


def _updates(config: Config) -> Updates:
    options = config.learner
    return Updates(
        per_block=options.updates_per_batch,
        per_event=options.updates_per_event,
        per_task=options.updates_per_task,
    )

"""From a configuration to the main learner and its companions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import structlog
import torch

from daemon.build.budget import budget_guard
from daemon.build.committee import committee_maker
from daemon.build.learner import build_learner, build_scaler, classes_before, generator_for
from daemon.config.challenger_view import challenger_view
from daemon.config.companion_views import frozen_view, naive_view
from daemon.config.companions_section import BaselineSection
from daemon.intake.features.categories import names_of
from daemon.learning.companion import Companion
from daemon.learning.companions import Companions
from daemon.learning.fresh import Fresh
from daemon.learning.frozen import Frozen
from daemon.learning.interleaving import Interleaving
from daemon.learning.later.later_learner import LaterLearner
from daemon.learning.main_learner import MainLearner
from daemon.learning.scored_learner import ScoredLearner
from daemon.learning.shared_scale import SharedScale
from daemon.learning.step_budget import StepBudget
from daemon.learning.torch_generator import TorchGenerator
from daemon.scoring.aged_probes import AgedProbes
from daemon.scoring.evaluator import Evaluator
from daemon.scoring.no_change import NoChange
from daemon.scoring.prequential import Prequential
from daemon.scoring.probe_sets import ProbeSets
from daemon.scoring.reference_score import ReferenceScore
from daemon.scoring.retention import RetentionMatrix
from strategies.scale_watch import YOUNG_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from daemon.config.schema import Config
    from daemon.intake.reference.rows import ReferenceRows
    from daemon.learning.stopwatch import Stopwatch
    from daemon.tasks.contract import Tasks
    from strategies.any_learner import AnyLearner
    from strategies.scaler import OnlineScaler

_OF_THE_SCALE = ("clip_values", "scale_half_life")
log = structlog.get_logger("retaind")

ALWAYS = BaselineSection(every_blocks=1, every_examinations=1)


def build_main_learner(
    config: Config,
    *,
    names: Sequence[str],
    tasks: Tasks,
    stopwatch: Stopwatch,
    reference: ReferenceRows | None = None,
) -> MainLearner:
    """Return an untrained main learner for rows of these features; ``reference`` has them in the same order."""
    features, flags = len(names), np.isin(names, names_of(config.features.categories))
    retention = config.retention
    probes = ProbeSets(retention.probe_rows, max_tasks=tasks.names.size, generator=generator_for(config, "probes"))
    scores = _Scores(config, probes=probes, max_tasks=tasks.names.size, reference=reference)
    scaler = build_scaler(config, features=features, flags=flags)
    learner = build_learner(config, features=features, reference=reference, scaler=scaler)
    if learner.scale_stands:
        log.info(
            "the scale of features stands after the first events: a change cannot be carried into this model",
            model=config.model.type,
            events=YOUNG_ROWS,
        )
    kind = LaterLearner if config.label.is_later else MainLearner
    scored = scores.of(learner, view=config)
    return kind(
        scored,
        feature_names=names,
        block_rows=config.learner.batch,
        grows=config.learner.grows,
        known_classes=classes_before(config, reference),
        probes=probes,
        interleaving=Interleaving(retention.boundary_events if config.tasks.type in {"field", "topic"} else None),
        aged=AgedProbes(
            retention.age_rows,
            unit=None if retention.ages == "auto" else retention.ages,
            generator=generator_for(config, "aged"),
        ),
        evaluate_every_events=retention.every_events,
        max_age_seconds=retention.max_age,
        no_change=NoChange(classification=learner.objective.classification),
        companions=Companions(dict(_makers(config, flags=flags, scores=scores, scaler=scaler))),
        tasks=tasks,
        make_committee=committee_maker(
            config, features=features, probes=probes, max_tasks=tasks.names.size, flags=flags
        ),
        guard=budget_guard(config, scored=scored, names=tasks.names),
        stopwatch=stopwatch,
    )


@dataclass(frozen=True, slots=True)
class _Scores:
    """Makes scored learners; the probe sets and the reference are the same for all."""

    config: Config
    probes: ProbeSets
    max_tasks: int
    reference: ReferenceRows | None

    def of(self, learner: AnyLearner, *, view: Config) -> ScoredLearner:
        """Return the learner with its scores; ``view`` is the configuration as this learner sees it."""
        retention, options = self.config.retention, view.learner
        return ScoredLearner(
            learner,
            budget=StepBudget(
                per_block=options.updates_per_batch,
                grows=options.grows,
                per_event=options.updates_per_event,
                per_task=options.updates_per_task,
            ),
            evaluator=Evaluator(
                learner,
                probes=self.probes,
                matrix=RetentionMatrix(self.max_tasks, max_boundaries=retention.max_boundaries),
                max_tasks=self.max_tasks,
                reference=None if self.reference is None else ReferenceScore(learner, probes=self.reference.probes),
            ),
            prequential=Prequential(
                retention.window, classification=learner.objective.classification, max_tasks=self.max_tasks
            ),
        )


def _makers(
    config: Config, *, flags: NDArray[np.bool_], scores: _Scores, scaler: OnlineScaler | None
) -> Iterator[tuple[str, Callable[[], Companion]]]:
    """Yield what makes each configured companion. Without strategies, the main learner is the naive one."""
    companions, make = config.companions, partial(_companion, flags=flags, scores=scores, main=scaler)
    if companions.naive is not None and config.strategies:
        view = naive_view(config)
        yield "naive", partial(make, Companion, view, duty=companions.naive)
    if companions.frozen is not None:
        view = frozen_view(config)
        yield "frozen", partial(make, Frozen, view, duty=companions.frozen)
    if companions.fresh is not None:
        fresh = partial(Fresh, every_events=companions.fresh.every_events)
        yield "fresh", partial(make, fresh, config, duty=ALWAYS, generators="fresh/")
    if companions.challenger is not None:
        view = challenger_view(config, companions.challenger)
        yield "challenger", partial(make, Companion, view, duty=ALWAYS, generators="challenger/")


def _companion(
    kind: Callable[..., Companion],
    view: Config,
    *,
    flags: NDArray[np.bool_],
    scores: _Scores,
    duty: BaselineSection,
    main: OnlineScaler | None,
    generators: str = "",
) -> Companion:
    features = len(flags)
    scaler = build_scaler(view, features=features, flags=flags)
    # Making a model sets torch's global generator, which goes on to be the main learner's.
    with torch.random.fork_rng(devices=[]):
        learner = build_learner(
            view, features=features, reference=scores.reference, generators=generators, scaler=scaler
        )
        own = TorchGenerator()
    return kind(
        scores.of(learner, view=view),
        generator=own,
        features=features,
        block_rows=view.learner.batch,
        every_blocks=duty.every_blocks,
        every_evaluations=duty.every_examinations,
        scale=_shared(main, scaler, view=view, config=scores.config, duty=duty),
    )


def _shared(
    main: OnlineScaler | None, own: OnlineScaler | None, *, view: Config, config: Config, duty: BaselineSection
) -> SharedScale | None:
    """Return what spares a companion the scaling; None where it scales otherwise, or passes blocks by."""
    if main is None or own is None:
        return None
    if any(getattr(view.learner, name) != getattr(config.learner, name) for name in _OF_THE_SCALE):
        return None
    return SharedScale(main, own) if duty.every_blocks == 1 else None

"""From a configuration to the committee that answers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from daemon.build.learner import build_learner, generator_for
from daemon.intake.labels.options import ClassLabel, NumberLabel
from daemon.learning.committee.class_committee import ClassCommittee
from daemon.learning.committee.closed_form_member import ClosedFormMember
from daemon.learning.committee.label_members import LabelMembers
from daemon.learning.committee.later_class_committee import LaterClassCommittee
from daemon.learning.committee.later_class_views import LaterClassViews
from daemon.learning.committee.later_committee import LaterScoredCommittee
from daemon.learning.committee.later_number_committee import LaterNumberCommittee
from daemon.learning.committee.later_number_views import LaterNumberViews
from daemon.learning.committee.neighbours import Neighbours
from daemon.learning.committee.network_member import NetworkMember, inputs_alone, with_labels_and_differences
from daemon.learning.committee.number_closed_form import NumberClosedForm
from daemon.learning.committee.number_committee import NumberCommittee
from daemon.learning.committee.number_member import LastAndMean
from daemon.learning.committee.number_network import IncrementNetwork, PlasticNetwork
from daemon.learning.committee.number_view_maker import NumberViewMaker
from daemon.learning.committee.recollection import Recollection
from daemon.learning.committee.scored_committee import ScoredCommittee
from daemon.learning.committee.stepped_network import SteppedNetwork
from daemon.learning.committee.views import ClassViews
from daemon.learning.torch_generator import TorchGenerator
from daemon.scoring.prequential import Prequential
from daemon.scoring.probe_scores import ProbeScores
from daemon.scoring.retention import RetentionMatrix
from strategies.options.models.mlp import MlpOptions
from strategies.options.optimizers.adam import AdamOptions
from strategies.options.replay import ReplayOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from daemon.config.schema import Config
    from daemon.learning.committee.scored_committee import Committee
    from daemon.scoring.probe_sets import ProbeSets

    Flags = NDArray[np.bool_]

_HIDDEN = (64, 64)
_RATE, _PLASTIC_RATE = 0.001, 0.003
_PLASTIC_TURN = 256
"""Events between the step of the other network and that of the plastic one, where steps are rare."""
_REHEARSED = 32
"""Rows rehearsed in a step, at most."""


def committee_maker(
    config: Config, *, features: int, probes: ProbeSets, max_tasks: int, flags: Flags | None = None
) -> Callable[[], ScoredCommittee] | None:
    """Return what makes an untrained committee, the same each time; None where the main learner answers alone."""
    if config.committee is None:
        return None
    kind = _class_committee if isinstance(config.label, ClassLabel) else _number_committee
    return partial(
        kind,
        config,
        features=features,
        flags=flags,
        scored=partial(_scored, config, probes=probes, max_tasks=max_tasks),
    )


def _class_committee(
    config: Config, *, features: int, flags: Flags | None, scored: Callable[[Committee], ScoredCommittee]
) -> ScoredCommittee:
    assert config.committee is not None
    assert isinstance(config.label, ClassLabel)
    classes, places = len(config.label.classes or ()) or config.label.max_classes, config.learner.batch
    later = config.label.is_later
    views = (LaterClassViews if later else ClassViews)(
        places,
        features=features,
        classes=classes,
        generator=generator_for(config, "committee/views"),
        flags=flags,
    )
    members = (
        LabelMembers(classes),
        ClosedFormMember(
            narrow_width=views.narrow_width,
            label_width=views.label_width,
            classes=classes,
            places=places,
            generator=generator_for(config, "committee/closed_form"),
        ),
        Neighbours(width=views.narrow_width, classes=classes),
        NetworkMember(
            "with_labels",
            _network(config, "with_labels", features=2 * features + views.label_width),
            view=with_labels_and_differences,
        ),
        NetworkMember("plastic", _network(config, "plastic", features=features, plastic=True), view=inputs_alone),
    )
    share = config.committee.share
    kind: Any = LaterClassCommittee if later else ClassCommittee
    return scored(kind(views, members, classes=classes, places=places, share=share))


def _number_committee(
    config: Config, *, features: int, flags: Flags | None, scored: Callable[[Committee], ScoredCommittee]
) -> ScoredCommittee:
    assert config.committee is not None
    places = config.learner.batch
    # Targets come in running units.
    own = config.model_copy(update={"label": NumberLabel(standardise=False)})
    later = config.label.is_later
    views = (LaterNumberViews if later else NumberViewMaker)(
        places, features=features, generator=generator_for(config, "committee/views"), flags=flags
    )
    history = views.narrow_width + views.history_width
    members = (
        LastAndMean(),
        NumberClosedForm(
            narrow_width=views.narrow_width,
            history_width=views.history_width,
            generator=generator_for(config, "committee/closed_form"),
        ),
        IncrementNetwork(_network(own, "with_history", features=history)),
        PlasticNetwork(_network(own, "plastic", features=features, plastic=True)),
    )
    kind: Any = LaterNumberCommittee if later else NumberCommittee
    return scored(kind(views, members, places=places, share=config.committee.share))


def _scored(config: Config, committee: Any, *, probes: ProbeSets, max_tasks: int) -> ScoredCommittee:
    """Return a committee with its scores; the probe sets are those of all learners."""
    retention, classification = config.retention, isinstance(config.label, ClassLabel)
    kind = LaterScoredCommittee if config.label.is_later else ScoredCommittee
    return kind(
        committee,
        recollection=Recollection(generator_for(config, "committee/recollection")),
        prequential=Prequential(retention.window, classification=classification, max_tasks=max_tasks),
        probes=ProbeScores(probes, max_tasks=max_tasks),
        matrix=RetentionMatrix(max_tasks, max_boundaries=retention.max_boundaries),
    )


def _network(config: Config, name: str, *, features: int, plastic: bool = False) -> SteppedNetwork:
    """Return a small network of its own: with rehearsal, or a plastic one that only follows the newest events."""
    own = config.model_copy(
        update={
            "model": MlpOptions(hidden=_HIDDEN),
            "adapters": (),
            "optimizer": AdamOptions(lr=_PLASTIC_RATE if plastic else _RATE),
            "strategies": () if plastic else (ReplayOptions(batch=min(config.learner.batch, _REHEARSED)),),
            "learner": config.learner.model_copy(
                update={"standardise": False, "clip_norm": None, "averaging": None}
            ),
        }
    )
    # Making a model sets torch's global generator, which goes on to be the main learner's.
    with torch.random.fork_rng(devices=[]):
        learner = build_learner(own, features=features, generators=f"committee/{name}/")
        generator = TorchGenerator()
    turn = _PLASTIC_TURN if plastic else 0
    return SteppedNetwork(learner, generator=generator, batch=config.learner.batch, turn=turn)

"""From a configuration to a learner."""

from __future__ import annotations

import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.build.module import build_module, known_classes, pretrained_for
from daemon.config.components import resolve
from daemon.intake.labels.options import ClassLabel
from strategies import CLOSED_FORMS, OPTIMIZERS, STRATEGIES
from strategies.class_weights import ClassWeights
from strategies.learner import Learner
from strategies.network import network_of
from strategies.objective import Classification, Objective, Regression
from strategies.scaler import OnlineScaler
from strategies.strategy import Setting, Strategy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from daemon.config.schema import Config
    from daemon.intake.reference.rows import ReferenceRows
    from strategies.any_learner import AnyLearner
    from strategies.storage import RowStorage


def generator_for(config: Config, part: str) -> np.random.Generator:
    """Return a part's own random generator, seeded from the configured seed and the part's name alone."""
    return np.random.default_rng([config.seed, zlib.crc32(part.encode())])


def build_learner(
    config: Config,
    *,
    features: int,
    reference: ReferenceRows | None = None,
    generators: str = "",
    scaler: OnlineScaler | None = None,
) -> AnyLearner:
    """Return an untrained learner for rows of so many features; the same configuration makes the same one.

    ``generators`` begins the names of its strategies' generators, for a companion. The model's
    initial weights are the same for all. ``reference`` are the rows from before the stream: what strategies
    may mix in, and where the running scales begin, unless a pretrained model brings its own. ``scaler`` is what
    ``build_scaler`` has made, where its maker wants to know it.
    """
    scaler = scaler or build_scaler(config, features=features)
    mixable = None if reference is None else reference.mixable
    if config.model.type in CLOSED_FORMS:
        return _closed_form(config, features=features, reference=mixable, scaler=scaler)
    objective = _objective(config)
    pretrained = pretrained_for(config)
    # Under a seed of the model's own; torch's global generator then goes on from there.
    torch.manual_seed(int(generator_for(config, "model").integers(1 << 62)))
    network = network_of(build_module(config, features=features, outputs=objective.outputs, pretrained=pretrained))
    optimizer = resolve(config.optimizer.type, OPTIMIZERS)(config.optimizer, parameters=len(network.parameters))
    learner = Learner(
        network,
        objective=objective,
        optimizer=optimizer,
        strategies=list(
            _strategies(
                config,
                features=features,
                objective=objective,
                reference=mixable,
                known=classes_before(config, reference),
                generators=generators,
            )
        ),
        scaler=scaler,
        clip_norm=config.learner.clip_norm,
        averaging=config.learner.averaging,
    )
    if mixable is not None:
        learner.prime(mixable.examples(np.arange(mixable.capacity)))
    if pretrained is not None:
        learner.take_up_scales(pretrained.input_scale, target=pretrained.target_scale)
    return learner


def _closed_form(
    config: Config, *, features: int, reference: RowStorage | None, scaler: OnlineScaler | None
) -> AnyLearner:
    options: Any = config.model
    learner: AnyLearner = CLOSED_FORMS[options.type].load()(
        options,
        features=features,
        objective=_objective(config),
        generator=generator_for(config, "model"),
        scaler=scaler,
    )
    if reference is not None:
        learner.prime(reference.examples(np.arange(reference.capacity)))
    return learner


def classes_before(config: Config, reference: ReferenceRows | None) -> int:
    """Return how many classes are known before the stream: declared, of a pretrained model or of the reference."""
    if not isinstance(config.label, ClassLabel):
        return 0
    return max(len(config.label.classes or known_classes(config)), reference.classes if reference else 0)


def build_scaler(config: Config, *, features: int, flags: NDArray[np.bool_] | None = None) -> OnlineScaler | None:
    """Return what standardises the inputs, all but ``flags`` ``(features,)``; None where nothing is to."""
    learner = config.learner
    if not learner.standardise:
        return None
    return OnlineScaler(features, limit=learner.clip_values, half_life=learner.scale_half_life, flags=flags)


def _objective(config: Config) -> Objective:
    label, learner = config.label, config.learner
    if isinstance(label, ClassLabel):
        classes = len(label.classes or ()) or label.max_classes
        weighted = label.weights == "balanced"
        weights = ClassWeights(classes, half_life=learner.scale_half_life) if weighted else None
        return Classification(classes, weights=weights)
    return Regression(standardise=label.standardise, limit=learner.clip_values, half_life=learner.scale_half_life)


def _strategies(
    config: Config,
    *,
    features: int,
    objective: Objective,
    reference: RowStorage | None,
    known: int,
    generators: str,
) -> Iterable[tuple[str, Strategy]]:
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
            known=known,
            batch_rows=config.learner.batch,
            generator=generator_for(config, f"{generators}{name}"),
            reference=reference,
        )
        method: Any = resolve(options.type, STRATEGIES)
        try:
            yield name, method(options, setting=setting)
        except ValueError as error:
            raise config.error(("strategies", index), str(error)) from error

"""What is wrong with a model, its adapters and its pretrained weights together, before the stream shows it."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from daemon.config.challenger_view import challenger_view
from daemon.config.errors import ConfigError
from daemon.intake.labels.options import ClassLabel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.config.errors import KeyPath
    from daemon.config.schema import Config
    from strategies.pretrained import Pretrained


def require_adaptable(config: Config) -> None:
    """Raise ``ConfigError`` where adapters contradict each other or the tasks, or do not fit the model."""
    problems = [config.error(*problem).problems for problem in _contradictions(config)]
    if problems:
        raise ConfigError([problem for found in problems for problem in found])
    if config.adapters or getattr(config.model, "pretrained", None):
        for view in config.views.values():
            _try(view)


def require_adaptable_learners(config: Config) -> None:
    """Raise the same for the main learner and, where it has adapters of its own, for the challenger."""
    require_adaptable(config)
    challenger = config.companions.challenger
    if challenger is not None and challenger.adapters is not None:
        require_adaptable(challenger_view(config, challenger))


def _contradictions(config: Config) -> Iterator[tuple[KeyPath, str]]:
    kinds = [adapter.type for adapter in config.adapters]
    for index, kind in enumerate(kinds):
        at: KeyPath = ("adapters", index)
        if kind in kinds[:index]:
            yield at, f"{kind} is given twice; give it once"
        if kind == "progressive" and len(kinds) > 1:
            yield at, "progressive networks say themselves what learns, and go with no other adapter; choose one"
        if kind == "heads" and index < len(kinds) - 1:
            yield at, "heads come after all other adapters, which would change each of them; put it last"
        if kind in ("heads", "progressive") and config.tasks.type == "none":
            yield at, f"without tasks there is nothing to choose {kind} by; tell tasks apart in the section tasks"


def _try(config: Config) -> None:
    """Make the model without memory for its weights, as wide as can be known; not where it is the user's own."""
    import torch  # noqa: PLC0415 - it takes a second, and few configurations need it

    from daemon.build.module import build_module, pretrained_for  # noqa: PLC0415 - for the same reason
    from strategies import MODELS  # noqa: PLC0415

    pretrained = pretrained_for(config)
    if config.model.type not in MODELS:
        return
    label = config.label
    outputs = (len(label.classes or ()) or label.max_classes) if isinstance(label, ClassLabel) else 1
    with torch.device("meta"):
        build_module(config, features=_features(config, pretrained), outputs=outputs, pretrained=pretrained)


def _features(config: Config, pretrained: Pretrained | None) -> int:
    """Return how many features the model's options mean; else as many as the pretrained weights were made for."""
    model: Any = config.model
    if hasattr(model, "shape"):
        return prod(model.shape)
    first = None if pretrained is None else pretrained.weights.get("0.weight")
    return first.shape[-1] if first is not None and first.dim() else 1

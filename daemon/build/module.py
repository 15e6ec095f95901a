"""From a configuration to the module that learns: the model, what it has learned before, and its adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

from daemon.config.components import resolve
from daemon.intake.labels.options import ClassLabel
from strategies import MODELS
from strategies.adapters import ADAPTERS
from strategies.adapters.adapter import Ground
from strategies.pretrained import Pretrained, fit, read_pretrained

if TYPE_CHECKING:
    from daemon.config.schema import Config

PRETRAINED = ("model", "pretrained")


def pretrained_for(config: Config) -> Pretrained | None:
    """Return what the configured file holds, None where none is; raise ``ConfigError`` where it does not fit."""
    path: Any = getattr(config.model, "pretrained", None)
    if path is None:
        return None
    try:
        pretrained = read_pretrained(str(path))
    except ValueError as error:
        raise config.error(PRETRAINED, str(error)) from error
    _require_its_classes(config, pretrained)
    _require_its_scales(config, pretrained)
    return pretrained


def known_classes(config: Config) -> tuple[str, ...]:
    """Return the classes that the pretrained model's outputs stand for, in their order."""
    pretrained = pretrained_for(config)
    return () if pretrained is None else pretrained.classes


def build_module(config: Config, *, features: int, outputs: int, pretrained: Pretrained | None = None) -> nn.Module:
    """Return the configured model with its adapters, as torch's global generator makes it.

    Raises ``ConfigError`` where the model cannot be made, the pretrained weights are those of another one, or an
    adapter does not fit it.
    """
    module = _model(config, features=features, outputs=outputs)
    if pretrained is not None:
        try:
            fit(module, pretrained.weights)
        except ValueError as error:
            raise config.error(PRETRAINED, str(error)) from error
        if pretrained.input_scale and (width := len(pretrained.input_scale["shift"])) != features:
            message = f"was learned from {width} features a row, the stream has {features}; give it the same"
            raise config.error(PRETRAINED, message)
    ground = Ground(tasks=config.retention.max_tasks + 1)
    for index, options in enumerate(config.adapters):
        adapter = resolve(options.type, ADAPTERS)(options, ground=ground)
        try:
            module = adapter.adapt(module)
        except ValueError as error:
            raise config.error(("adapters", index), str(error)) from error
    return module


def _model(config: Config, *, features: int, outputs: int) -> nn.Module:
    factory = resolve(config.model.type, MODELS)
    try:
        if hasattr(factory, "Options"):
            module = factory(config.model, features=features, outputs=outputs)
        else:
            given = config.model.model_dump(exclude={"type", "pretrained"})
            module = factory(features=features, outputs=outputs, **given)
    except ValueError as error:
        raise config.error(("model",), str(error)) from error
    if not isinstance(module, nn.Module):
        raise config.error(("model", "type"), f"{config.model.type} returned no torch.nn.Module")
    return module


def _require_its_classes(config: Config, pretrained: Pretrained) -> None:
    """Raise where the outputs would stand for other classes than those that they were trained for."""
    declared = config.label.classes if isinstance(config.label, ClassLabel) else None
    if declared is None or declared[: len(pretrained.classes)] == pretrained.classes:
        return
    names = ", ".join(pretrained.classes)
    raise config.error(
        ("label", "classes"),
        f"the outputs of the pretrained model stand for the classes {names}; declare these first, in this order",
    )


def _require_its_scales(config: Config, pretrained: Pretrained) -> None:
    """Raise where the inputs or the target were scaled when the weights were learned, and will not be."""
    scaled = "was learned on scaled {}, which this configuration leaves as they are; set {}.standardise: true"
    if pretrained.input_scale and not config.learner.standardise:
        raise config.error(("learner", "standardise"), f"the pretrained model {scaled.format('inputs', 'learner')}")
    if pretrained.target_scale and not getattr(config.label, "standardise", False):
        raise config.error(("label",), f"the pretrained model {scaled.format('targets', 'label')}")

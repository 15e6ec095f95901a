"""Advice on methods that hold on to the earlier model: what alone they can't do, and what makes them silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.config.advice.adapters import own_outputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemon.config.errors import KeyPath
    from daemon.config.schema import Config

    Remark = tuple[KeyPath, str, str]

_SCHEDULED = {"ewc": "EWC", "si": "SI", "mas": "MAS", "lwf": "LwF"}
_HOLDING = _SCHEDULED | {"l2sp": "L2-SP"}


def _alone(config: Config) -> Iterator[Remark]:
    kinds = [strategy.type for strategy in config.strategies]
    if not kinds or not set(kinds) <= _HOLDING.keys() or own_outputs(config):
        return
    if any(label.type == "class" for label in config.labels) and config.tasks.type in ("field", "topic"):
        yield (
            ("strategies", 0),
            f"{_HOLDING[kinds[0]]} alone does not keep old classes where tasks bring new ones and share a head",
            "add {type: replay} before it",
        )


def _silent(config: Config) -> Iterator[Remark]:
    for index, strategy in _of_types(config, _HOLDING):
        if strategy.strength == 0:
            default = type(strategy).model_fields["strength"].default
            remedy = f"start with {default:g}, or remove {strategy.type}"
            yield ("strategies", index, "strength"), "strength 0 holds nothing", remedy
    for index, strategy in _of_types(config, _SCHEDULED):
        if strategy.every_events is None and config.tasks.type == "none":
            yield (
                ("strategies", index),
                f"without tasks and without a schedule {_SCHEDULED[strategy.type]} never does anything",
                "set every_events, or tell tasks apart",
            )


def _coarse_step_sizes(config: Config) -> Iterator[Remark]:
    for index, strategy in _of_types(config, {"ewc": "EWC"}):
        if strategy.curvature == "kronecker" and config.optimizer.type == "adam":
            yield (
                ("strategies", index, "curvature"),
                "kronecker holds all parameters of a layer with one step size, but adam has one for each",
                "use optimizer: {type: sgd}, or curvature: diagonal",
            )


def _of_types(config: Config, types: dict[str, str]) -> Iterator[tuple[int, Any]]:
    return ((index, strategy) for index, strategy in enumerate(config.strategies) if strategy.type in types)


ADVISERS: tuple[Callable[[Config], Iterator[Remark]], ...] = (_alone, _silent, _coarse_step_sizes)

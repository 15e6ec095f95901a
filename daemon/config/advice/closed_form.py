"""Advice on a model in closed form: what means nothing beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.config.default_strategies import CLOSED_FORM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemon.config.errors import KeyPath
    from daemon.config.schema import Config

    Remark = tuple[KeyPath, str, str]

_OF_STEPS = ("updates_per_batch", "clip_norm", "averaging")
_LARGE_COLUMNS = 8_192


def _nothing_to_step(config: Config) -> Iterator[Remark]:
    if config.model.type != CLOSED_FORM:
        return
    why = "a closed form is solved and takes no steps along a gradient: this means nothing beside it"
    if "optimizer" in config.model_fields_set:
        yield ("optimizer",), why, "leave it out"
    for name in _OF_STEPS:
        if name in config.learner.model_fields_set:
            yield ("learner", name), why, "leave it out"


def _large_sums(config: Config) -> Iterator[Remark]:
    options: Any = config.model
    if options.type == CLOSED_FORM and options.features >= _LARGE_COLUMNS:
        gibibytes = 8 * options.features**2 / (1 << 30)
        yield (
            ("model", "features"),
            f"the sums take {gibibytes:.1f} GiB, three times that to solve them, and as much in each checkpoint",
            "use 4,000 or fewer, unless that is meant",
        )


ADVISERS: tuple[Callable[[Config], Iterator[Remark]], ...] = (_nothing_to_step, _large_sums)

"""From a configuration and a checkpoint to a pipeline that goes on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from daemon.build.pipeline import build_any_pipeline
from daemon.intake.labels.alone import ALONE
from daemon.learning.target_states import TARGETS, states_by_target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.config.schema import Config
    from daemon.learning.any_pipeline import AnyPipeline
    from daemon.learning.stopwatch import Stopwatch
    from daemon.state.generation import SavedState

UNFIT = (KeyError, ValueError)
"""What ``load_state_dict`` raises where a state is of another configuration."""


def restored(config: Config, saved: SavedState, *, stopwatch: Stopwatch) -> AnyPipeline:
    """Return a new pipeline with what a checkpoint holds; raise ``ConfigError`` where it does not fit."""
    pipeline = build_any_pipeline(config, stopwatch=stopwatch)
    take_up(saved, config, into=pipeline)
    return pipeline


def take_up(
    saved: SavedState, config: Config, *, into: AnyPipeline, errors: tuple[type[Exception], ...] = UNFIT
) -> None:
    """Let a pipeline that was just built of ``config`` take up what a checkpoint holds.

    Raises ``ConfigError`` where that fails with one of ``errors``; torch's global generator is then as it was.
    """
    # The models are made while the state is taken up, under torch's global generator.
    generator = torch.get_rng_state()
    try:
        into.load_state_dict(_of(config, saved.state["pipeline"]))
    except errors as error:
        torch.set_rng_state(generator)
        raise config.error(
            (),
            f"the checkpoint {saved.generation} does not fit this configuration: {error}; go back to the"
            " configuration that wrote it, or give checkpoint.directory a new place to begin untrained",
        ) from error


def _of(config: Config, state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a state has of the configured label, where it has several targets and the configuration one."""
    if config.targets or TARGETS not in state:
        return state
    states, wanted = states_by_target(state), config.label.name if config.label.origin == "stream" else ALONE
    if wanted not in states:
        raise ValueError(
            f"it has learned the targets {', '.join(states)}, and the configuration's label is another"
        )
    return states[wanted]

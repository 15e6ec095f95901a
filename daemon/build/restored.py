"""From a configuration and a checkpoint to a pipeline that goes on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from daemon.build.pipeline import build_pipeline

if TYPE_CHECKING:
    from daemon.config.schema import Config
    from daemon.learning.pipeline import Pipeline
    from daemon.learning.stopwatch import Stopwatch
    from daemon.state.generation import SavedState

UNFIT = (KeyError, ValueError)
"""What ``load_state_dict`` raises where a state is of another configuration."""


def restored(config: Config, saved: SavedState, *, stopwatch: Stopwatch) -> Pipeline:
    """Return a new pipeline with what a checkpoint holds; raise ``ConfigError`` where it does not fit."""
    pipeline = build_pipeline(config, stopwatch=stopwatch)
    take_up(saved, config, into=pipeline)
    return pipeline


def take_up(
    saved: SavedState, config: Config, *, into: Pipeline, errors: tuple[type[Exception], ...] = UNFIT
) -> None:
    """Let a pipeline that was just built of ``config`` take up what a checkpoint holds.

    Raises ``ConfigError`` where that fails with one of ``errors``; torch's global generator is then as it was.
    """
    # The models are made while the state is taken up, under torch's global generator.
    generator = torch.get_rng_state()
    try:
        into.load_state_dict(saved.state["pipeline"])
    except errors as error:
        torch.set_rng_state(generator)
        raise config.error(
            (),
            f"the checkpoint {saved.generation} does not fit this configuration: {error}; go back to the"
            " configuration that wrote it, or give checkpoint.directory a new place to begin untrained",
        ) from error

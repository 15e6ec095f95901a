"""The configuration as the baselines see it: the main learner's, with what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.options.optimizers.sgd import SgdOptions

if TYPE_CHECKING:
    from daemon.config.schema import Config


def naive_view(config: Config) -> Config:
    """Return the configuration of the same learner without any strategy."""
    return config.model_copy(update={"strategies": ()})


def frozen_view(config: Config) -> Config:
    """Return the configuration of a model that is never trained: nothing of it takes memory for steps to come."""
    learner = config.learner.model_copy(update={"averaging": None})
    return config.model_copy(update={"strategies": (), "optimizer": SgdOptions(), "learner": learner})

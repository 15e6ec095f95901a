"""The configuration as each companion sees it: the main learner's, with what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strategies.optimizers.sgd import SgdOptions

if TYPE_CHECKING:
    from daemon.config.companions_section import ChallengerSection
    from daemon.config.schema import Config


def naive_view(config: Config) -> Config:
    """Return the configuration of the same learner without any strategy."""
    return config.model_copy(update={"strategies": ()})


def frozen_view(config: Config) -> Config:
    """Return the configuration of a model that is never trained: nothing of it takes memory for steps to come."""
    learner = config.learner.model_copy(update={"averaging": None})
    return config.model_copy(update={"strategies": (), "optimizer": SgdOptions(), "learner": learner})


def challenger_view(config: Config, challenger: ChallengerSection) -> Config:
    """Return the configuration of the main learner with everything that the challenger's section says."""
    given = {name: getattr(challenger, name) for name in challenger.model_fields_set if name != "learner"}
    changed = {name: value for name, value in given.items() if value is not None}
    return config.model_copy(update=changed | {"learner": _merged(config, challenger)})


def _merged(config: Config, challenger: ChallengerSection) -> Any:
    options = challenger.learner
    changed: dict[str, Any] = {name: getattr(options, name) for name in options.model_fields_set}
    if "updates_per_batch" in changed:
        # The two exclude each other; the challenger's own choice is the one that counts.
        changed.setdefault("updates_per_event", None)
    return config.learner.model_copy(update=changed)

"""The configuration as the challenger sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from daemon.config.companions_section import ChallengerSection
    from daemon.config.errors import KeyPath
    from daemon.config.schema import Config

SECTION: KeyPath = ("companions", "challenger")


def challenger_view(config: Config, challenger: ChallengerSection) -> Config:
    """Return the main learner's configuration with what the challenger's section says in place of it.

    Errors in those parts are placed in that section.
    """
    given = {name: getattr(challenger, name) for name in challenger.model_fields_set}
    changed = {name: value for name, value in given.items() if value is not None}
    if "learner" in changed:
        changed["learner"] = config.learner.model_copy(update=_changed_options(challenger))
    return config.model_copy(update=changed).with_written_elsewhere({name: (*SECTION, name) for name in changed})


def _changed_options(challenger: ChallengerSection) -> dict[str, Any]:
    options = challenger.learner
    changed: dict[str, Any] = {name: getattr(options, name) for name in options.model_fields_set}
    if "updates_per_batch" in changed:
        # The two exclude each other, and the challenger's own choice is the one that counts.
        changed.setdefault("updates_per_event", None)
    return changed

"""The challenger takes the main learner's place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.build.restored import restored
from daemon.config.challenger_view import SECTION
from daemon.intake.labels.alone import ALONE
from daemon.learning.later.later_learner import COMPANION
from daemon.learning.snapshot import MAIN
from daemon.learning.stopwatch import Stopwatch
from daemon.learning.target_states import TARGETS
from daemon.process.threads import use_threads
from daemon.state.state_error import StateError
from daemon.telemetry.history.saved import read_history

if TYPE_CHECKING:
    from daemon.config.schema import Config
    from daemon.learning.pipeline import Pipeline
    from daemon.state.checkpoints import CheckpointStore

_CHALLENGER = str(SECTION[-1])
_OF_WAITING = f"{COMPANION}{_CHALLENGER}"
"""What it has said of rows that wait for their label."""


def promote(config: Config, store: CheckpointStore) -> int:
    """Write a generation in which challenger and main learner have changed places; return its number.

    Each takes along what it has learned and how it was scored. What waits in the block is learned by both first, so
    that they have seen the same events. ``config`` is the one that wrote the newest generation; to go on from the
    new one, the two must change places in the file as well.
    """
    if config.companions.challenger is None:
        raise config.error(SECTION, "there is none to promote; give the configuration that wrote the state")
    saved = store.require_newest().saved
    use_threads(config.learner.threads)
    pipeline = restored(config, saved, stopwatch=Stopwatch())
    for each in pipeline.by_target.values():
        _require_challenger(each)
    pipeline.close_block()
    state = pipeline.state_dict()
    steps = [_change_places(each["main_learner"]) for each in state.get(TARGETS, {ALONE: state}).values()]
    summary = {**pipeline.summary(), "step": max(steps)}
    return store.write({**saved.state, "pipeline": state}, summary, history=_history(store, saved.generation))


def _change_places(main: dict[str, Any]) -> int:
    """Let challenger and main learner change places in a state; return how many steps the new one has made."""
    challenger = main["companions"]["by_name"][_CHALLENGER]
    main["scored"], challenger["scored"] = challenger["scored"], main["scored"]
    main["budget"] = {}  # of the other one; it begins anew with what this one can do now
    if later := main.get("later_labels"):
        said = later["rows"]["columns"]
        said["main"], said[_OF_WAITING] = said[_OF_WAITING], said["main"]
    steps: int = main["scored"]["learner"]["steps"]
    return steps


def _history(store: CheckpointStore, generation: int) -> str | None:
    """Return the run history with the curves under their new names; None where it cannot be read."""
    try:
        history = read_history(store, generation)
    except StateError:
        return None
    return None if history is None else history.renamed({MAIN: _CHALLENGER, _CHALLENGER: MAIN}).model_dump_json()


def _require_challenger(pipeline: Pipeline) -> None:
    if pipeline.main is None:
        raise StateError("no event had come yet, and so there is nothing to promote")
    if _CHALLENGER in pipeline.main.companions.begun_anew:
        raise StateError(
            "the checkpoint's challenger is not the configured one; give the configuration that wrote the state"
        )

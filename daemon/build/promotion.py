"""The challenger takes the main learner's place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from daemon.build.pipeline import build_pipeline
from daemon.config.challenger_view import SECTION
from daemon.learning.stopwatch import Stopwatch
from daemon.state.state_error import StateError
from daemon.telemetry.history.saved import MAIN, read_past

if TYPE_CHECKING:
    from daemon.config.schema import Config
    from daemon.learning.pipeline import Pipeline
    from daemon.state.checkpoints import CheckpointStore

OF_A_LEARNER = ("learner", "training", "examiner", "prequential", "snapshots")
"""The parts of a student's state that a companion has too, under the same names."""
_CHALLENGER = str(SECTION[-1])


def promote(config: Config, store: CheckpointStore) -> int:
    """Write a generation in which challenger and main learner have changed places; return its number.

    Each takes along what it has learned and how it was scored. What waits in the block is learned by both first, so
    that they have seen the same events. ``config`` is the one that wrote the newest generation; to go on from the
    new one, the two must change places in the file as well.
    """
    recovered = store.load_newest()
    if recovered is None:
        raise StateError(f"there are no checkpoints in {store.directory}")
    saved = recovered.saved
    pipeline = _restored(config, saved.state["pipeline"])
    pipeline.close_block()
    state = pipeline.state_dict()
    student = state["student"]
    challenger = student["companions"]["by_name"][_CHALLENGER]
    for part in OF_A_LEARNER:
        student[part], challenger[part] = challenger[part], student[part]
    summary = {**pipeline.summary(), "step": student["learner"]["steps"]}
    return store.write({**saved.state, "pipeline": state}, summary, chronicle=_chronicle(store, saved.generation))


def _chronicle(store: CheckpointStore, generation: int) -> str | None:
    """Return what was seen until now with the curves under their new names; None where it cannot be read."""
    try:
        past = read_past(store, generation)
    except StateError:
        return None
    return None if past is None else past.renamed({MAIN: _CHALLENGER, _CHALLENGER: MAIN}).model_dump_json()


def _restored(config: Config, state: dict[str, Any]) -> Pipeline:
    if config.companions.challenger is None:
        raise config.error(SECTION, "there is none to promote; give the configuration that wrote the state")
    torch.set_num_threads(config.learner.threads)
    pipeline = build_pipeline(config, stopwatch=Stopwatch())
    try:
        pipeline.load_state_dict(state)
    except (KeyError, ValueError) as error:
        raise config.error((), f"the checkpoint does not fit this configuration: {error}") from error
    if pipeline.student is None:
        raise StateError("no event had come yet, and so there is nothing to promote")
    if _CHALLENGER in pipeline.student.companions.begun_anew:
        raise StateError(
            "the checkpoint's challenger is not the configured one; give the configuration that wrote the state"
        )
    return pipeline

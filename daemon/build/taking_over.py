"""A rebuilt state takes the place of what was learned; all that knew more goes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from connectors.source import why_not_back_to
from daemon.build.erasing import erase
from daemon.build.going_back import NoWayBackError
from daemon.build.restored import restored
from daemon.config.errors import ConfigError
from daemon.learning.stopwatch import Stopwatch
from daemon.state.audit_log import AuditLog
from daemon.state.checkpoints import CheckpointStore
from daemon.state.erasure_request import ErasureRequest
from daemon.state.rebuild_plan import rebuild_directory
from daemon.state.rebuilt_offer import RebuiltOffer
from daemon.state.state_error import state_io
from daemon.telemetry.history.saved import history_text

if TYPE_CHECKING:
    from connectors.source import Source
    from daemon.config.schema import Config
    from daemon.state.generation import SavedState

log = structlog.get_logger("retaind")

REBUILD = "rebuild"
"""What the audit log calls it."""
_OF_THE_STREAM = ("pipeline", "source")


def take_over(config: Config, store: CheckpointStore, offer: RebuiltOffer, *, source: Source | None = None) -> int:
    """Write a generation of what was rebuilt, remove all others, and return its number.

    The state directory is locked, and nobody learns meanwhile. Where the newest generation stands where the rebuilt
    one does, only what was learned is another then. Where it is ahead, ``source`` is asked whether it can deliver
    again what lies between; that is learned again by the rebuilt state and, as after a rollback, published once.
    Keys of the offer are erased, dead letters among them: see ``erase``. Every step can be done again: a process
    that is killed leaves the offer. Raises ``NoWayBackError``, ``ConfigError`` and ``StateError``.
    """
    directory = Path(config.checkpoint.directory)
    rebuilt = CheckpointStore(rebuild_directory(directory), keep=1).load_newest()
    newest = store.require_newest().saved
    generation = newest.generation
    if rebuilt is not None:  # else a process was killed that had come to the end
        # Of another configuration, nothing is to be taken over.
        restored(config, rebuilt.saved, stopwatch=Stopwatch())
        generation, removed = _write(store, newest, rebuilt.saved, source), list[int]()
        if offer.keys:
            # What never saw them has no row of theirs, and keeps every bit; dead letters may have some.
            erasure = erase(config, store, ErasureRequest(offer.keys, offer.by, rows_are_gone=True))
            assert erasure.generation is not None, "there is one"
            generation, removed = erasure.generation, [*erasure.generations_removed]
        told = {"generation": generation, "generations_removed": [*removed, *store.remove_all_but(generation)]}
        AuditLog(directory).append({"what": REBUILD, "by": offer.by, **offer.told, **told})
    with state_io(rebuild_directory(directory), "remove"):
        shutil.rmtree(rebuild_directory(directory), ignore_errors=rebuilt is None)
    RebuiltOffer.done(directory)
    return generation


def finish_taking_over(config: Config, store: CheckpointStore) -> int | None:
    """Do what a process has begun that was killed, or what was offered to one that did not run; None if nothing.

    Where the daemon is ahead of what was offered, that is for a turn of the loop to do, with the source open.
    """
    directory = Path(config.checkpoint.directory)
    offer = RebuiltOffer.pending(directory)
    if offer is None:
        return None
    rebuilt = CheckpointStore(rebuild_directory(directory), keep=1).load_newest()
    if rebuilt is not None and rebuilt.saved.state["source"] != store.require_newest().saved.state["source"]:
        return None
    try:
        return take_over(config, store, offer)
    except ConfigError as error:
        refuse(directory, str(error))
        return None


def refuse(directory: Path, why: str) -> None:
    """Let an offer go that cannot be taken; what was rebuilt stays, for whoever asks for it again."""
    log.error("a rebuilt state is refused", reason=why)
    RebuiltOffer.done(directory)


def _write(store: CheckpointStore, newest: SavedState, rebuilt: SavedState, source: Source | None) -> int:
    history = history_text(store, newest.generation)
    at, ahead = rebuilt.state["source"], newest.state["source"]
    if at == ahead:
        state = {**newest.state, "pipeline": rebuilt.state["pipeline"]}
        generation = store.write(state, rebuilt.summary, history=history)
        store.commit_as(generation, like=newest.generation)
        return generation
    why = "the daemon is ahead of it" if source is None else why_not_back_to(source, at)
    if why or newest.state.get("answered"):
        raise NoWayBackError(why or "what was learned before is still being relearned")
    learned: dict[str, Any] = {name: rebuilt.state[name] for name in _OF_THE_STREAM}
    outputs = {name: part for name, part in newest.state.items() if name not in _OF_THE_STREAM}
    return store.write_return(
        {**outputs, **learned, "answered": ahead},
        rebuilt.summary,
        returning_to=newest.generation,
        history=history,
    )

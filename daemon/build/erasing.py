"""Takes everything of some keys out of a state directory: rows, dead letters in a file, older generations."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from connectors.files.erased_lines import ErasedLines, NotTheFileError
from connectors.files.sink_options import FileDeadLettersOptions
from daemon.build.restored import restored
from daemon.learning.stopwatch import Stopwatch
from daemon.state.audit_log import AuditLog
from daemon.state.erasure import Erasure
from daemon.state.erasure_request import ErasureRequest
from daemon.state.key_digests import KeyDigests
from daemon.state.state_error import StateError
from daemon.telemetry.history.saved import history_text
from strategies.row_holder import Gone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from daemon.config.schema import Config
    from daemon.state.checkpoints import CheckpointStore
    from daemon.state.generation import SavedState

log = structlog.get_logger("retaind")

_LETTERS = "dead_letters"


def erase(
    config: Config,
    store: CheckpointStore,
    request: ErasureRequest,
    *,
    removed_before: Mapping[str, int] | None = None,
    clock: Callable[[], float] = time.time,
) -> Erasure:
    """Take everything of some keys out of the locked state of a daemon that does not learn meanwhile.

    A request that was begun is kept until it is done. Every step can be done again: a process that is killed
    between two of them leaves the request, and whoever finishes it comes to the same. In this order: the new file
    of dead letters is written beside the old one, a generation without the keys is written that knows it, the file
    takes its place, all other generations are removed, and the log has a line. ``removed_before`` is what went
    already. Raises ``ConfigError`` and ``StateError``.
    """
    directory = Path(config.checkpoint.directory)
    request.begin(directory)
    digests = KeyDigests(directory)
    removed = dict(removed_before or {})
    generation = None
    others: list[int] = []
    if store.generations():
        saved = store.require_newest().saved
        generation, gone = _write_without(config, store, saved, request)
        removed |= gone
        others = store.remove_all_but(generation)
    erasure = Erasure(
        at=clock(),
        by=request.by,
        keys=[digests.of(key) for key in request.keys],
        removed=removed,
        generation=generation,
        generations_removed=others,
    )
    AuditLog(directory).append(erasure.entry())
    ErasureRequest.done(directory)
    return erasure


def finish_erasing(config: Config, store: CheckpointStore) -> Erasure | None:
    """Do what a process has begun that was killed; None where nothing was."""
    request = ErasureRequest.pending(Path(config.checkpoint.directory))
    return None if request is None else erase(config, store, request)


def _write_without(
    config: Config, store: CheckpointStore, saved: SavedState, request: ErasureRequest
) -> tuple[int, dict[str, int]]:
    letters = saved.state.get(_LETTERS)
    ours = isinstance(config.dead_letters, FileDeadLettersOptions) and letters and letters.get("fingerprint")
    pipeline = restored(config, saved, stopwatch=Stopwatch())
    # What a tombstone has erased in its turn is gone; what came under the key since then is not to go.
    counts = Counter[str]() if request.rows_are_gone else pipeline.forget(Gone.of_keys(request.keys))
    state = {**saved.state, "pipeline": pipeline.state_dict()}
    lines = _without_lines(letters, request) if ours and letters else None
    if lines is not None:
        state[_LETTERS] = lines.state
        counts[_LETTERS.replace("_", " ")] = lines.erased
    generation = store.write(state, pipeline.summary(), history=history_text(store, saved.generation))
    store.commit_as(generation, like=saved.generation)
    if lines is not None:
        lines.take_place()
    return generation, {name: count for name, count in sorted(counts.items()) if count}


def _without_lines(letters: Mapping[str, Any], request: ErasureRequest) -> ErasedLines | None:
    """Return the file of dead letters as it is to be; None where it is not ours any more."""
    try:
        ErasedLines.finish(letters)
        return ErasedLines(letters, request.keys)
    except (FileNotFoundError, NotTheFileError) as error:
        log.warning("dead letters not rewritten", reason=str(error), remedy="erase the key's lines by hand")
        return None
    except OSError as error:
        raise StateError(f"dead letters cannot be rewritten: {error}") from error

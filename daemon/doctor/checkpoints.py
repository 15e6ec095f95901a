"""Whether the daemon can go on from where it was."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from daemon.doctor.amounts import span
from daemon.doctor.finding import ok, problem, raised, warning
from daemon.state.checkpoints import CheckpointStore
from daemon.state.state_error import StateError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.config.schema import Config
    from daemon.doctor.finding import Finding
    from daemon.doctor.setup import Setup
    from daemon.state.manifest import Manifest

_AHEAD_SECONDS = 60.0


def check_checkpoints(config: Config, setup: Setup) -> Iterator[Finding]:
    """Verify every byte of every generation that is kept."""
    directory = Path(config.checkpoint.directory)
    try:
        entries = CheckpointStore(directory, keep=config.checkpoint.keep).entries()
    except StateError as error:
        yield raised(error)
        return
    newest = next((entry.manifest for entry in reversed(entries) if entry.manifest), None)
    if not entries:
        yield ok("none yet: the daemon begins untrained")
    for entry in entries:
        if entry.problem and newest is not None:
            yield warning(entry.problem, f"the daemon starts from generation {newest.generation}; look at the disk")
        elif entry.problem:
            yield problem(entry.problem, "restore one from a backup, or move the directory away to begin anew")
    if newest is not None:
        yield _judged(newest, age=setup.clock() - newest.created)


def newest_checkpoint(config: Config) -> tuple[Manifest | None, bool]:
    """Return the newest good generation's manifest, None where there is none.

    And whether the consumer group may be ahead of it: after a rollback, or where newer ones are damaged.
    """
    store = CheckpointStore(Path(config.checkpoint.directory), keep=config.checkpoint.keep)
    try:
        entries = store.entries()
    except StateError:
        return None, False
    newest = next((entry.manifest for entry in reversed(entries) if entry.manifest), None)
    return newest, store.rolled_back or any(entry.problem for entry in entries[-1:])


def _judged(manifest: Manifest, *, age: float) -> Finding:
    events = manifest.summary.get("events")
    learned = f", after {events:,} events" if isinstance(events, int) else ""
    if age < -_AHEAD_SECONDS:
        return warning(
            f"generation {manifest.generation} was written {span(-age)} in the future",
            "set the clock of this machine",
        )
    return ok(f"generation {manifest.generation} is good, written {span(age)} ago{learned}")

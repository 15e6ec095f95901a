"""Who has the state directory."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.doctor.finding import ok, problem
from daemon.state.state_lock import lock_directory, lock_path, open_directory, owner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.config.schema import Config
    from daemon.doctor.finding import Finding
    from daemon.doctor.setup import Setup


def check_lock(config: Config, _: Setup) -> Iterator[Finding]:
    """Ask for the lock as a reader does, and give it back at once."""
    path = lock_path(Path(config.checkpoint.directory))
    try:
        with path.open(encoding="utf-8") as file, open_directory(path.parent) as directory:
            try:
                lock_directory(directory, fcntl.LOCK_SH)
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                yield ok(f"{path} is held by {owner(file)}: a daemon runs on this state")
            else:
                yield ok(f"{path} is free: no daemon runs on this state")
    except FileNotFoundError:
        yield ok("no lock: no daemon has run on this state yet")
    except OSError as error:
        yield problem(
            f"{path}: {error.strerror}", "let the user that retaind runs as read and write the state directory"
        )

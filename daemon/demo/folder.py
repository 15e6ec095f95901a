"""The folder that the demo writes into, and begins afresh in."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from daemon.demo.configuration import NAIVE, RETAIND, state_directory
from daemon.state.state_error import StateError
from daemon.state.state_lock import StateLock

if TYPE_CHECKING:
    from pathlib import Path

MARK = ".made-by-retaind-demo"


def begin_afresh(output: Path) -> None:
    """Make the folder, or remove what an earlier demo has learned in it.

    Raises ``StateError`` where it holds something else, its demo is still running, or it cannot be written.
    """
    try:
        if output.exists():
            _require_ours(output)
            _forget(output)
        output.mkdir(parents=True, exist_ok=True)
        (output / MARK).touch()
    except OSError as error:
        raise StateError(f"cannot write {output}: {error.strerror}; name another folder with --output") from error


def _require_ours(output: Path) -> None:
    if any(output.iterdir()) and not (output / MARK).exists():
        raise StateError(
            f"{output} holds something that `retaind demo` has not made, and is left alone; "
            "name another folder with --output"
        )


def _forget(output: Path) -> None:
    for name in (NAIVE, RETAIND):
        directory = state_directory(output, name)
        if directory.exists():
            StateLock(directory).release()  # refused while another demo is using it
            shutil.rmtree(directory)

"""The run history until a checkpoint, stored with the state but no part of it.

It has times of the clock in it, and no two runs have the same; nothing that is learned depends on it. The manifest
does not name it, so that an earlier version still reads the checkpoint, and a damaged one costs no state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.state.durable import read_file, write_file
from daemon.state.sealed_json import sealed, unsealed
from daemon.state.state_error import DamagedError, state_io

if TYPE_CHECKING:
    from pathlib import Path

HISTORY = "history.json"
_FORMER = "chronicle.json"
"""What it is called in generations of the first layout."""
_MAX_BYTES = 1 << 26


def history_path(directory: Path) -> Path:
    """Return where the history of the generation in ``directory`` is, or would be."""
    former = directory / _FORMER
    return former if former.exists() else directory / HISTORY


def write_history(directory: Path, text: str) -> None:
    """Write a JSON object into a generation's directory, durably but for the directory's entry."""
    write_file(directory / HISTORY, [sealed(text)])


def read_history_file(directory: Path) -> dict[str, Any] | None:
    """Return the history of a generation; None where there is none, as in those of earlier versions.

    Raises ``DamagedError`` where it is not what was written, and ``StateError`` where it may not be read.
    """
    path = history_path(directory)
    try:
        with state_io(path, "read"):
            return unsealed(read_file(path, max_bytes=_MAX_BYTES)) if path.exists() else None
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{path} {error}") from error

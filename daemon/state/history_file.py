"""The run history until a checkpoint, stored with the state but no part of it.

It has times of the clock in it, and no two runs have the same; nothing that is learned depends on it. A damaged or
missing one costs no state, and is told by ``retaind checkpoint verify``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.state.durable import StoredFile, measure_file, read_file, write_file
from daemon.state.manifest import HISTORY, Manifest
from daemon.state.saved_setting import FROM_PYTHON
from daemon.state.sealed_json import sealed, unsealed
from daemon.state.state_error import DamagedError, state_io

if TYPE_CHECKING:
    from pathlib import Path

_FORMER = "chronicle.json"
"""What it is called in generations of the first layout."""
_MAX_BYTES = 1 << 26
_NAMED_SINCE = 3


def history_path(directory: Path) -> Path:
    """Return where the history of the generation in ``directory`` is, or would be."""
    former = directory / _FORMER
    return former if former.exists() else directory / HISTORY


def write_history(directory: Path, text: str) -> StoredFile:
    """Write a JSON object into a generation's directory, durably but for the directory's entry."""
    return write_file(directory / HISTORY, [sealed(text)])


def verify_history(directory: Path, manifest: Manifest) -> None:
    """Raise ``DamagedError`` where the history of a generation is missing, or not what was written.

    Before format 3 a manifest does not name it; whatever had learned from a stream had one.
    """
    path, named = history_path(directory), manifest.parts.history
    if path.exists():
        read_history_file(directory)
        if named is not None:
            _check(path, named)
    elif named is not None or (manifest.format < _NAMED_SINCE and _has_learned(manifest)):
        raise DamagedError(f"{path} is missing")


def _check(path: Path, named: StoredFile) -> None:
    try:
        named.check(measure_file(path))
    except ValueError as error:
        raise DamagedError(f"{path} {error}") from error


def _has_learned(manifest: Manifest) -> bool:
    from_stream = FROM_PYTHON not in manifest.state.get("source", {})
    return from_stream and bool(manifest.summary.get("events"))


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

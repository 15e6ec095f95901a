"""A small JSON file that is written durably and read by its owner alone: what a process has yet to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from daemon.state.durable import make_directory, read_file, sync_directory, write_file
from daemon.state.state_error import DamagedError, state_io

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MOST_BYTES = 1 << 26


def keep_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write a file, durably, in place of the one that was there. Raises ``StateError``."""
    with state_io(path, "write"):
        make_directory(path.parent)
        temporary = path.with_name(f".{path.name}")
        temporary.unlink(missing_ok=True)
        write_file(temporary, [json.dumps(values).encode()])
        temporary.chmod(0o600)
        temporary.rename(path)
        sync_directory(path.parent)


def kept_json(path: Path) -> dict[str, Any] | None:
    """Return what is in a file, None where there is none; raise ``StateError`` where it is not JSON."""
    with state_io(path, "read"):
        if not path.exists():
            return None
        content = read_file(path, max_bytes=_MOST_BYTES)
    try:
        values = json.loads(content)
    except ValueError as error:
        raise DamagedError(f"{path} is not readable ({error}); remove it and ask again") from error
    if not isinstance(values, dict):
        raise DamagedError(f"{path} is not readable (no JSON object); remove it and ask again")
    return values


def keep_no_longer(path: Path) -> None:
    """Remove a file, durably, where it is there. Raises ``StateError``."""
    with state_io(path, "remove"):
        path.unlink(missing_ok=True)
        sync_directory(path.parent)

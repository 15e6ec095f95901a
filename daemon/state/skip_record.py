"""Who passed which part of the stream, and when: a file beside the checkpoints to which lines are added."""

from __future__ import annotations

import getpass
import json
import os
from typing import TYPE_CHECKING, Any

from daemon.state.state_error import state_io

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def skip_record_path(directory: Path) -> Path:
    """Return where the parts that were passed of a stream are written down."""
    return directory / "audit.jsonl"


def write_down(directory: Path, what: Mapping[str, Any]) -> None:
    """Add a line to the audit file of a state directory, durably; raises ``StateError``."""
    path = skip_record_path(directory)
    line = json.dumps({**what, "by": _who()}) + "\n"
    with state_io(path, "write"), path.open("a", encoding="utf-8") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user that has no name on this machine
        return f"user {os.getuid()}"

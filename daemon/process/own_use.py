"""What the process takes of its machine."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

_STATM = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class OwnUse:
    """Memory that is resident now, None where the system does not tell, and processor seconds since the start."""

    resident_bytes: int | None
    cpu_seconds: float


def own_use() -> OwnUse:
    """Return what this process, with all its threads, uses.

    >>> own_use().cpu_seconds > 0
    True
    """
    return OwnUse(_resident_bytes(), time.process_time())


def _resident_bytes() -> int | None:
    """Return the second field of ``/proc/self/statm`` (proc(5)) in bytes."""
    try:
        pages = _STATM.read_text(encoding="ascii").split()[1]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")

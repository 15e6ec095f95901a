"""What the process takes of its machine."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path

_STATM = Path("/proc/self/statm")
_DESCRIPTORS = Path("/proc/self/fd")


@dataclass(frozen=True, slots=True)
class OwnUse:
    """What a process has now, and processor seconds since the start; None where the system does not tell."""

    resident_bytes: int | None
    cpu_seconds: float
    descriptors: int | None
    """Open files, sockets and pipes."""
    most_descriptors: int | None
    """As many may be open (RLIMIT_NOFILE); None where there is no limit."""


def own_use() -> OwnUse:
    """Return what this process, with all its threads, uses.

    >>> own_use().cpu_seconds > 0
    True
    """
    return OwnUse(_resident_bytes(), time.process_time(), _descriptors(), _most_descriptors())


def _resident_bytes() -> int | None:
    """Return the second field of ``/proc/self/statm`` (proc(5)) in bytes."""
    try:
        pages = _STATM.read_text(encoding="ascii").split()[1]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _descriptors() -> int | None:
    try:
        return sum(1 for _ in _DESCRIPTORS.iterdir()) - 1  # but the one that lists them
    except OSError:
        return None


def _most_descriptors() -> int | None:
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if most == resource.RLIM_INFINITY else most

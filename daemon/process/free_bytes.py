"""What the disks under what is written still take."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def free_bytes(places: Mapping[str, Path]) -> dict[str, int | None]:
    """Return what this user may still write at each place, None where the system does not tell.

    Of what does not exist yet, it is asked where it will be made.

    >>> from pathlib import Path
    >>> free_bytes({"state": Path("/nowhere/yet")})["state"] > 0
    True
    """
    return {name: _free(path.absolute()) for name, path in places.items()}


def _free(path: Path) -> int | None:
    there = next((each for each in (path, *path.parents) if each.exists()), None)
    if there is None:
        return None
    try:
        disk = os.statvfs(there)
    except OSError:
        return None
    return disk.f_bavail * disk.f_frsize

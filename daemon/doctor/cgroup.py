"""What the control groups of this process allow (cgroups(7), version 2); the tightest on the way up counts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.doctor.setup import Setup


def processors_allowed(setup: Setup) -> float | None:
    """Return how many processors' time may be used, None where that is not limited."""
    limits = []
    for text in _texts(setup, "cpu.max"):
        quota, _, period = text.partition(" ")
        if quota.isdecimal() and period.strip().isdecimal():
            limits.append(int(quota) / int(period))
    return min(limits, default=None)


def memory_left(setup: Setup) -> int | None:
    """Return how many bytes may be used in addition to those in use, None where that is not limited."""
    left = []
    for folder in _folders(setup):
        limit, used = _read(folder / "memory.max"), _read(folder / "memory.current")
        if limit.isdecimal() and used.isdecimal():
            left.append(max(0, int(limit) - int(used) + _reclaimable(folder)))
    return min(left, default=None)


def _reclaimable(folder: Path) -> int:
    """Return the bytes of cached files, which the kernel gives up for others."""
    fields = dict(line.split(maxsplit=1) for line in _read(folder / "memory.stat").splitlines() if " " in line)
    return int(fields.get("inactive_file", 0))


def _texts(setup: Setup, name: str) -> Iterator[str]:
    return (_read(folder / name) for folder in _folders(setup))


def _folders(setup: Setup) -> Iterator[Path]:
    """Yield the group of this process and those above it; nothing under version 1."""
    for line in _read(setup.proc / "self" / "cgroup").splitlines():
        if line.startswith("0::/"):
            group = Path(line.removeprefix("0::/"))
            yield setup.cgroups / group
            yield from (setup.cgroups / parent for parent in group.parents)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""

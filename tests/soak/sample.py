"""What a daemon, with all its processes, takes at a moment, and how that changes."""

from __future__ import annotations

import os
import time
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

MIB = 1 << 20
MOST_MIB_A_MINUTE = 0.1


@dataclass(frozen=True, slots=True)
class Sample:
    """One moment."""

    seconds: float
    memory_mib: float
    descriptors: float
    threads: float
    series: float
    state_mib: float
    events: float

    @classmethod
    def of(cls, pid: int, *, state: Path, metrics: str, events: float) -> Sample:
        """Take one; whatever a process of it does not tell any more is not counted."""
        family = _family(pid)
        return cls(
            seconds=time.monotonic(),
            memory_mib=sum(_resident_bytes(each) for each in family) / MIB,
            descriptors=sum(_entries(each, "fd") for each in family),
            threads=sum(_entries(each, "task") for each in family),
            series=sum(not line.startswith("#") for line in metrics.splitlines()),
            state_mib=_newest_bytes(state) / MIB,
            events=events,
        )


@dataclass(frozen=True, slots=True)
class Course:
    """One figure over the samples: at first, at last, and its slope by least squares."""

    name: str
    first: float
    last: float
    a_minute: float
    most_a_minute: float

    @property
    def flat(self) -> bool:
        """Whether it grows by no more than it may."""
        return self.a_minute <= self.most_a_minute


def courses(samples: Sequence[Sample]) -> list[Course]:
    """Return the course of every figure but time and events; the first and last are means of a tenth of them."""
    table = np.array([astuple(each) for each in samples])
    minutes = (table[:, 0] - table[0, 0]) / 60
    tenth = max(1, len(samples) // 10)
    found = []
    for column, name in enumerate(each.name for each in fields(Sample)):
        if name not in ("seconds", "events"):
            values = table[:, column]
            slope = float(np.polyfit(minutes, values, 1)[0])
            first, last = float(values[:tenth].mean()), float(values[-tenth:].mean())
            # What is counted may differ from moment to moment by what is just being done.
            most = MOST_MIB_A_MINUTE if name.endswith("mib") else max(0.1, 3 / float(minutes[-1]))
            found.append(Course(name, first, last, slope, most))
    return found


def _family(pid: int) -> list[int]:
    """Return a process and all that it has started, by ``/proc/PID/task/*/children`` (proc(5))."""
    found = [pid]
    for each in found:
        for file in Path(f"/proc/{each}/task").glob("*/children"):
            try:
                found += map(int, file.read_text().split())
            except OSError:
                continue
    return found


def _resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _entries(pid: int, folder: str) -> int:
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/{folder}").iterdir())
    except OSError:
        return 0


def _newest_bytes(state: Path) -> int:
    generations = sorted(each for each in (state / "checkpoints").glob("[0-9]*") if each.is_dir())
    for newest in reversed(generations):
        try:
            return sum(file.stat().st_size for file in newest.iterdir())
        except FileNotFoundError:  # it has just been removed
            continue
    return 0

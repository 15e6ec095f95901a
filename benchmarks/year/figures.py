"""What a year came to: the accuracy of three months, of each incident, and what was kept."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.year.recovery import moments, recovery

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from benchmarks.year.log import Point, Setting
    from benchmarks.year.recovery import Moment, Recovery
    from benchmarks.year.simulator import Simulator

MONTH_SHARE = 30 / 365
MONTHS = {"first month": (0.0, 1.0), "second month": (1.0, 2.0), "last month": (-1.0, 0.0)}
"""From and until which month, counted from the end where it is below 0 or nothing is after it."""


@dataclass(frozen=True, slots=True)
class Year:
    """What is known of one variant so far."""

    setting: Setting
    points: Sequence[Point]
    hits: NDArray[np.bool_]

    @property
    def name(self) -> str:
        """The variant's."""
        return self.setting.variant

    @property
    def accuracy(self) -> float:
        """Of all answers on arrival."""
        return float(self.hits.mean())

    @property
    def events_per_second(self) -> float:
        """Of the processor's time in the pipeline, in the second half of the run, when it is young no more."""
        later = self.points[len(self.points) // 2 :]
        return sum(one.answers[0] for one in later) / max(sum(one.seconds for one in later), 1e-9)

    def month(self, name: str, simulator: Simulator) -> float | None:
        """Return the accuracy on arrival in a month; None where the run has not come to its end."""
        start, stop = MONTHS[name]
        month, end = simulator.days * MONTH_SHARE, simulator.days if name == "last month" else 0.0
        first, last = simulator.events_before(end + start * month), simulator.events_before(end + stop * month)
        return None if last > len(self.hits) else float(self.hits[first:last].mean())

    def recoveries(self, simulator: Simulator) -> list[tuple[Moment, Recovery]]:
        """Return how each moment so far was overcome."""
        found = [(one, recovery(self.hits, simulator, one)) for one in moments(simulator)]
        return [(moment, of) for moment, of in found if of is not None]


@dataclass(frozen=True, slots=True)
class KindSummary:
    """The recoveries of one kind of incident."""

    count: int
    back: int
    """How many were back within a point before their campaign ended."""
    events: float | None
    """The median until they were; None where most were not."""
    first: float
    """The mean fall on the first window, in points."""
    lost: float
    """Mistakes beyond the level, all together."""


def by_kind(recoveries: Sequence[tuple[Moment, Recovery]]) -> dict[str, KindSummary]:
    """Sum the recoveries up by kind, in the order in which kinds first came."""
    kinds: dict[str, list[Recovery]] = {}
    for moment, of in recoveries:
        kinds.setdefault(moment.kind, []).append(of)
    return {kind: _summary(some) for kind, some in kinds.items()}


def last_kept(points: Sequence[Point], who: str, *, last: int = 4) -> Mapping[str, float]:
    """Return the mean accuracy on days ago at the ends of the last weeks, by age and whose sensors."""
    some = points[-last:]
    ages = [age for age in some[-1].kept if all(who in one.kept.get(age, {}) for one in some)] if some else []
    return {age: float(np.mean([one.kept[age][who] for one in some])) for age in ages}


def _summary(some: Sequence[Recovery]) -> KindSummary:
    until = [float("inf") if one.events is None else float(one.events) for one in some]
    middle = median(until)
    return KindSummary(
        count=len(some),
        back=sum(one.events is not None for one in some),
        events=None if middle == float("inf") else middle,
        first=float(np.mean([100 * (one.level - one.first) for one in some])),
        lost=sum(one.lost for one in some),
    )

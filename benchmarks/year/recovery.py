"""How long an incident costs: from its start until answers on arrival are back within a point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.year.incidents import FAILURES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from benchmarks.year.campaigns import Campaign
    from benchmarks.year.simulator import Simulator

    Flags = NDArray[np.bool_]

NEW, RETURNS, OUTAGE, RECALIBRATED, UNIT_BACK = (
    "new product",
    "product returns",
    "outage",
    "recalibrated",
    "unit back",
)
WITHIN = 0.01
"""Back is who is no further than this below the level."""
SETTLED = 0.15
"""How far into a campaign a product is taken to be known: the level before an incident is measured from there."""
LEAST_WINDOW, MOST_WINDOW = 200, 5000


@dataclass(frozen=True, slots=True)
class Moment:
    """Something happens within a campaign."""

    kind: str
    what: str
    time: float
    """In days."""
    campaign: Campaign
    machine: int | None = None
    """Whose events it concerns; None: all."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What came after a moment, in events of the machines concerned."""

    level: float
    """The accuracy before; where a product begins, that of the campaign's second half."""
    first: float
    """The accuracy on the first window."""
    events: int | None
    """Until the first window that is back within a point; None where the campaign ended before."""
    lost: float
    """Mistakes until then beyond those that the level has."""


def moments(simulator: Simulator) -> list[Moment]:
    """Return everything that happens, in the order of time."""
    found = [*_of_incidents(simulator), *_of_outages(simulator), *_of_campaigns(simulator)]
    return sorted(found, key=lambda one: one.time)


def recovery(hits: Flags, simulator: Simulator, moment: Moment) -> Recovery | None:
    """Return how the answers ``hits``, one flag an event so far, came through; None where it has not come yet.

    A campaign that the run has not reached the end of has none.
    """
    made = moment.campaign
    settled = made.start + SETTLED * (made.end - made.start)
    start, stop = simulator.events_before(moment.time), simulator.events_before(made.end)
    if stop > len(hits) or start == stop:
        return None
    after = _of_machine(hits, simulator, moment, start, stop)
    if moment.time > made.start:
        before = _of_machine(hits, simulator, moment, simulator.events_before(settled), start)
    else:
        before = after[len(after) // 2 :]
    return None if not len(before) else recovered(after, level=float(before.mean()), window=_window(simulator))


def recovered(after: Flags, *, level: float, window: int) -> Recovery:
    """Return how flags ``(events,)`` get back to a level, judged by windows of so many.

    >>> after = np.r_[np.zeros(100), np.ones(900)].astype(bool)
    >>> recovered(after, level=0.9, window=10)
    Recovery(level=0.9, first=0.0, events=99, lost=89.1)
    """
    window = min(window, len(after))
    sums = np.concatenate(([0], np.cumsum(after)))
    means = (sums[window:] - sums[:-window]) / window
    back = np.flatnonzero(means >= level - WITHIN)
    events = int(back[0]) if len(back) else None
    until = len(after) if events is None else events
    return Recovery(level, float(means[0]), events, round(max(0.0, level * until - int(sums[until])), 1))


def _window(simulator: Simulator) -> int:
    return min(MOST_WINDOW, max(LEAST_WINDOW, simulator.events // 2000))


def _of_machine(hits: Flags, simulator: Simulator, moment: Moment, start: int, stop: int) -> Flags:
    """Return the flags of the events between two numbers that the moment concerns."""
    if moment.machine is None or start == stop:
        return hits[start:stop]
    concerned: Flags = hits[start:stop][simulator.rows(start, stop).machine == moment.machine]
    return concerned


def _of_incidents(simulator: Simulator) -> Iterator[Moment]:
    for one in simulator.incidents:
        where = "all machines" if one.machine is None else f"machine {one.machine}"
        what = f"{one.sensors[0]}{' and others' if len(one.sensors) > 1 else ''}, {where}"
        if one.kind != "drift":
            yield Moment(one.kind, what, one.start, _campaign(simulator, one.start), one.machine)
        if np.isfinite(one.end) and one.kind not in FAILURES:
            kind = RECALIBRATED if one.kind == "drift" else UNIT_BACK
            yield Moment(kind, what, one.end, _campaign(simulator, one.end), one.machine)


def _of_outages(simulator: Simulator) -> Iterator[Moment]:
    for gap in simulator.outages:
        yield Moment(OUTAGE, f"nothing for {gap.end - gap.start:.1f} days", gap.end, _campaign(simulator, gap.end))


def _of_campaigns(simulator: Simulator) -> Iterator[Moment]:
    for one in simulator.campaigns[1:]:
        yield Moment(NEW if one.before is None else RETURNS, one.name, one.start, one)


def _campaign(simulator: Simulator, time: float) -> Campaign:
    return next(one for one in reversed(simulator.campaigns) if one.start <= time)

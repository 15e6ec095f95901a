"""What an incident costs, from flags that say which answers were right."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.year.figures import by_kind
from benchmarks.year.recovery import NEW, RETURNS, moments, recovered, recovery
from benchmarks.year.simulator import Simulator


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator(events=200_000)


def test_everything_that_happens_has_a_moment_within_its_campaign(simulator: Simulator) -> None:
    found = moments(simulator)
    assert {one.kind for one in found} == {
        "stuck", "sentinel", "noise", "replaced", "unit", "unit back", "recalibrated", "outage", NEW, RETURNS,
    }  # fmt: skip
    assert all(one.campaign.start <= one.time < one.campaign.end for one in found)
    assert [one.time for one in found] == sorted(one.time for one in found)
    assert sum(one.kind in (NEW, RETURNS) for one in found) == len(simulator.campaigns) - 1


def test_mistakes_after_a_unit_changes_are_counted_until_answers_are_back(simulator: Simulator) -> None:
    hits = np.ones(simulator.events, dtype=np.bool_)
    unit = next(one for one in moments(simulator) if one.kind == "unit")
    start = simulator.events_before(unit.time)
    hits[start : start + 400] = False
    of = recovery(hits, simulator, unit)
    assert of is not None
    assert (of.level, of.first) == (1.0, 0.0)
    assert of.events == 398  # the first window with a hundredth of mistakes at most
    assert of.lost == 398


def test_only_the_machine_that_has_the_broken_sensor_is_looked_at(simulator: Simulator) -> None:
    stuck = next(one for one in moments(simulator) if one.kind == "stuck")
    rows = simulator.rows(0, simulator.events)
    other = (stuck.machine or 0) + 1
    of = recovery(rows.machine != other, simulator, stuck)
    assert of is not None
    assert (of.level, of.first, of.events, of.lost) == (1.0, 1.0, 0, 0)
    of = recovery((rows.machine != stuck.machine) | (rows.time < stuck.time), simulator, stuck)
    assert of is not None
    assert of.events is None


def test_a_campaign_that_is_not_over_has_no_recovery(simulator: Simulator) -> None:
    last = moments(simulator)[-1]
    assert recovery(np.ones(simulator.events - 1, dtype=np.bool_), simulator, last) is None


def test_a_kind_that_mostly_does_not_come_back_has_no_median(simulator: Simulator) -> None:
    unit = next(one for one in moments(simulator) if one.kind == "unit")
    never = recovered(np.zeros(50, dtype=np.bool_), level=0.9, window=10)
    at_once = recovered(np.ones(50, dtype=np.bool_), level=0.9, window=10)
    summary = by_kind([(unit, never), (unit, never), (unit, at_once)])["unit"]
    assert (summary.count, summary.back, summary.events, summary.lost) == (3, 1, None, 90.0)

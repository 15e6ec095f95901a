"""The plant's year: the same for everybody, and known to whoever knows the plant."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.year.campaigns import CALENDAR, PRODUCTS
from benchmarks.year.incidents import FAILURES, SENTINEL, Incident
from benchmarks.year.quantities import MACHINES
from benchmarks.year.sensors import COLUMNS, SENSORS, column
from benchmarks.year.simulator import BLOCK_ROWS, CEILING, Rows, Simulator
from benchmarks.year.states import NEW_STATES, STATES

if TYPE_CHECKING:
    from collections.abc import Sequence

EVENTS = 60_000
LASTING = ("replaced", "unit", "drift")


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator(events=EVENTS)


@pytest.fixture(scope="module")
def rows(simulator: Simulator) -> Rows:
    return simulator.rows(0, EVENTS)


def same(one: Rows, other: Rows) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in Rows.__slots__)


def of_kind(simulator: Simulator, *kinds: str) -> Sequence[Incident]:
    return [one for one in simulator.incidents if one.kind in kinds]


def test_a_seed_makes_the_same_year_again_and_another_seed_another(rows: Rows) -> None:
    assert same(Simulator(events=EVENTS).rows(0, 5000), rows[:5000])
    assert not same(Simulator(events=EVENTS, seed=1).rows(0, 5000), rows[:5000])


@pytest.mark.parametrize("cuts", [[0, 1, 2, 9000], [0, BLOCK_ROWS, 9000], [0, 5000, 5001, 8193, 9000]])
def test_how_many_events_are_asked_for_at_once_makes_no_difference(
    cuts: list[int], simulator: Simulator, rows: Rows
) -> None:
    for start, stop in pairwise(cuts):
        assert same(simulator.rows(start, stop), rows[start:stop])


def test_events_come_in_the_order_of_their_time_and_fill_the_year(simulator: Simulator, rows: Rows) -> None:
    assert (np.diff(rows.time) > 0).all()
    assert rows.time[0] < 0.1
    assert 364.9 < rows.time[-1] < 365
    assert set(rows.machine.tolist()) == set(range(MACHINES))
    assert set(rows.campaign.tolist()) == set(range(len(CALENDAR)))
    days = [30.0, 130.0, 200.0, 365.0]
    assert [simulator.events_before(day) for day in days] == pytest.approx(
        [int((rows.time < day).sum()) for day in days], abs=1
    )


def test_who_knows_the_plant_is_right_as_often_as_anybody_can_be(simulator: Simulator, rows: Rows) -> None:
    known = simulator.known(rows)
    assert (known == rows.state).mean() > 0.9999
    assert (known == rows.label).mean() == pytest.approx(CEILING, abs=0.002)


def test_every_state_comes_and_new_ones_late(rows: Rows) -> None:
    shares = np.bincount(rows.state, minlength=len(STATES)) / len(rows)
    assert 0.4 < shares[0] < 0.7
    assert (shares[1:] > 0.004).all()
    for name in NEW_STATES:
        first = rows.time[rows.state == STATES.index(name)][0]
        assert first > 60
        assert not (rows.label[rows.time < first] == STATES.index(name)).any()


def test_the_last_month_makes_what_the_second_made() -> None:
    month = len(CALENDAR) // 12
    assert CALENDAR[month : 2 * month] == CALENDAR[-month:]
    assert len(PRODUCTS) == 12


@pytest.mark.parametrize("kind", [*FAILURES, *LASTING])
def test_every_kind_of_incident_changes_readings_of_its_sensors_alone(kind: str, simulator: Simulator) -> None:
    (one, *_) = of_kind(simulator, kind)
    # The world of a day before anything happened, as it would be shown in the middle of the incident.
    time = one.start + 1 if np.isinf(one.end) else (one.start + one.end) / 2
    before, during = simulator.held_out(3, 500), simulator.held_out(3, 500, sensors_of=time)
    concerned = np.ones(500, dtype=bool) if one.machine is None else before.machine == one.machine
    for sensor in one.sensors:
        changed = before.readings[:, column(sensor)] != during.readings[:, column(sensor)]
        assert changed[concerned].mean() > 0.9
    others = {name for each in simulator.incidents if each.start < time < each.end for name in each.sensors}
    untouched = [column(name) for name in COLUMNS if name not in others]
    assert np.array_equal(before.readings[:, untouched], during.readings[:, untouched])
    assert np.array_equal(before.state, during.state)


def test_a_failing_sensor_is_stuck_or_says_that_it_fails(simulator: Simulator, rows: Rows) -> None:
    for one in of_kind(simulator, "stuck", "sentinel"):
        readings = rows.readings[one.rows(rows.time, rows.machine)][:, one.columns]
        assert len(readings)
        assert (readings == readings[0]).all()
        assert (readings == SENTINEL).all() == (one.kind == "sentinel")


def test_pressures_come_in_pascal_for_months_and_then_as_before(simulator: Simulator, rows: Rows) -> None:
    pascal = next(one for one in of_kind(simulator, "unit") if "inlet_pressure" in one.sensors)
    inlet = rows.readings[:, column("inlet_pressure_2")]
    within = pascal.rows(rows.time, rows.machine)
    assert inlet[within].min() > 50_000
    assert inlet[~within].max() < 2_000


def test_nothing_comes_in_an_outage(simulator: Simulator, rows: Rows) -> None:
    for gap in simulator.outages:
        assert not ((rows.time > gap.start) & (rows.time < gap.end)).any()
        assert gap.end - gap.start > 1


def test_two_sensors_show_each_quantity_and_no_failure_takes_both(simulator: Simulator) -> None:
    quantity = {sensor.name: sensor.quantity for sensor in SENSORS}
    assert {list(quantity.values()).count(name) for name in quantity.values()} == {2}
    for one in of_kind(simulator, *FAILURES):
        assert len({quantity[name] for name in one.sensors}) == len(one.sensors)

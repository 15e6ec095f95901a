from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
import torch

from daemon.scoring.aged_probes import AgedProbes
from strategies.batch import Batch, provenance_table
from strategies.provenance import UNKNOWN
from tests.daemon.same_state import assert_same_state, chunks

ROWS = 20


def aged(*, unit: Literal["events", "time"] | None = None) -> AgedProbes:
    return AgedProbes(ROWS, unit=unit, generator=np.random.default_rng(5))


def batch(first: int, rows: int, *, seconds: float | None = None) -> Batch:
    """Rows whose only feature is their number; ``seconds`` apart, or without a time."""
    number, zero = np.arange(first, first + rows), np.zeros(rows)
    time_ms = np.full(rows, UNKNOWN) if seconds is None else number * seconds * 1_000
    return Batch(
        torch.from_numpy(number[:, None].astype(np.float32)),
        y=torch.from_numpy(number % 2),
        task=torch.from_numpy(number % 3),
        provenance=provenance_table(key=zero, partition=zero, offset=number, time_ms=time_ms),
    )


def offer(probes: AgedProbes, rows: int, *, every: int = 1, first: int = 0, seconds: float | None = None) -> None:
    for number in range(first, first + rows):
        probes.add(batch(number, 1, seconds=seconds), errors=np.array([number % 2.0]), events=number * every)


def test_rows_are_kept_by_how_many_events_ago_they_came_and_are_few_of_each_age() -> None:
    probes = aged()
    offer(probes, 4_000, every=50)
    by_age = probes.by_age()
    assert list(by_age) == ["1e3", "1e4", "1e5"]
    for name, rows in by_age.items():
        age = 3_999 * 50 - rows["x"][:, 0] * 50
        assert float(name) <= age.min()
        assert age.max() < 10 * float(name)
        assert ROWS / 2 < len(age) <= ROWS
        np.testing.assert_array_equal(rows["error"], rows["x"][:, 0] % 2)


def test_ages_are_of_event_time_where_the_stream_has_one() -> None:
    probes = aged()
    offer(probes, 3_000, seconds=600.0)
    assert list(probes.by_age()) == ["1h", "1d", "1w"]
    counted = aged(unit="events")
    offer(counted, 3_000, seconds=600.0)
    assert list(counted.by_age()) == ["1e3"]


def test_the_oldest_class_is_a_sample_of_everything_before() -> None:
    ages = []
    for seed in range(30):
        probes = AgedProbes(ROWS, unit="time", generator=np.random.default_rng(seed))
        offer(probes, 1_200, seconds=86_400.0)
        ages.append(probes.by_age()["30d"]["x"].mean())
    assert np.mean(ages) == pytest.approx(1_170 / 2, abs=50)


def test_what_is_kept_does_not_depend_on_a_restart_or_on_who_has_looked() -> None:
    straight, stopped = aged(), aged()
    offer(straight, 900, every=30)
    offer(stopped, 500, every=30)
    stopped.by_age()
    resumed = AgedProbes(ROWS, unit=None, generator=np.random.default_rng(99))
    resumed.load_state_dict(stopped.state_dict())
    offer(resumed, 400, every=30, first=500)
    assert_same_state(resumed.state_dict(), straight.state_dict())


def test_rows_of_a_task_that_made_room_are_of_the_other_one() -> None:
    probes = aged()
    offer(probes, 300, every=50)
    probes.merge_task(0, into=7)
    assert {int(task) for rows in probes.by_age().values() for task in rows["task"]} == {1, 2, 7}


def test_a_row_whose_time_is_unknown_is_as_old_as_the_newest() -> None:
    probes = aged(unit="time")
    offer(probes, 200, seconds=60.0)
    probes.add(batch(200, 1), errors=np.zeros(1), events=0)
    assert 200 not in {int(x) for rows in probes.by_age().values() for x in rows["x"][:, 0]}


def test_none_are_kept_where_none_are_wanted() -> None:
    probes = AgedProbes(0, unit=None, generator=np.random.default_rng(0))
    for rows in chunks(100, [10]):
        probes.add(batch(rows.start, 10), errors=np.zeros(10), events=10_000)
    assert probes.by_age() == {}

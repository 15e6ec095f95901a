from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from daemon.tasks.assigned import Segment
from daemon.tasks.drift import DriftTasks
from daemon.tasks.drift_options import DriftTasksOptions
from daemon.tasks.task_names import TaskNames
from tests.daemon.rows_of import rows_of
from tests.daemon.same_state import assert_same_state, chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DETECTORS = ("adwin", "page_hinkley", "kswin")
BATCH = 16


def drift(*, alive_events: int | None = None, **options: Any) -> DriftTasks:
    return DriftTasks(DriftTasksOptions.model_validate(options), names=TaskNames(4, alive_events=alive_events))


def errors(*stretches: tuple[int, float], seed: int = 0) -> Floats:
    """0/1 errors: so many, at such a rate, and so on."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.random(rows) < rate for rows, rate in stretches]).astype(np.float64)


def alarms(tasks: DriftTasks, values: Floats, sizes: list[int] | None = None) -> list[int]:
    """How many events had been seen at each alarm."""
    return [
        min(rows.stop, len(values))
        for rows in chunks(len(values), sizes or [BATCH])
        if tasks.observe(values[rows]) is not None
    ]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("detector", "within"), [("adwin", 200), ("page_hinkley", 400), ("kswin", 1_200)])
def test_a_rise_of_the_error_is_found_once_and_soon(detector: str, within: int, seed: int) -> None:
    rows = 3_000 if detector == "kswin" else 6_000
    found = alarms(drift(detector=detector), errors((rows, 0.1), (3_000, 0.5), seed=seed))
    assert len(found) == 1
    assert rows < found[0] <= rows + within


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_stable_stream_and_a_falling_error_raise_no_alarm(detector: str) -> None:
    rows = 4_000 if detector == "kswin" else 15_000
    assert alarms(drift(detector=detector), errors((rows, 0.2), seed=1)) == []
    assert alarms(drift(detector=detector), errors((rows // 2, 0.6), (rows // 2, 0.1), seed=2)) == []


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize("binary", [True, False])
def test_a_restored_detector_raises_the_same_alarms(*, detector: str, binary: bool) -> None:
    options = {"detector": detector, "min_events": 200, "average": 4, "horizon": 300}
    values = errors((900, 0.1), (500, 0.6), (700, 0.95), seed=3)
    if not binary:
        values = values * 3.3 + np.random.default_rng(4).random(len(values))
    through = drift(**options)
    expected = alarms(through, values)
    assert expected
    restored, found = drift(**options), []
    for cut in range(0, len(values), 25 * BATCH):
        state = restored.state_dict()
        restored = drift(**options)
        restored.load_state_dict(state)
        found += [cut + place for place in alarms(restored, values[cut : cut + 25 * BATCH])]
    assert found == expected
    assert_same_state(restored.state_dict(), through.state_dict())


@given(
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=4), detector=st.sampled_from(["adwin", "page_hinkley"])
)
@settings(max_examples=25)
def test_the_detector_does_not_depend_on_how_errors_are_grouped(sizes: list[int], detector: str) -> None:
    options = {"detector": detector, "min_events": 100, "average": 3, "horizon": 200, "alpha": 0.99}
    if detector == "adwin":
        del options["alpha"]
    values = errors((500, 0.1), (300, 0.7), seed=5)
    one_by_one, grouped = drift(**options), drift(**options)
    assert len(alarms(one_by_one, values, [1])) == len(alarms(grouped, values, sizes))
    for part in ("alarms", "alarm"):
        assert_same_state(grouped.state_dict()[part], one_by_one.state_dict()[part])


def test_rows_after_an_alarm_belong_to_the_next_segment() -> None:
    tasks = drift(min_events=100)
    assert tasks.assign(rows_of(2)).task.tolist() == [0, 0]
    assert tasks.observe(errors((1_000, 0.1))) is None
    assert tasks.observe(errors((1_000, 0.9))) == Segment(task=1, segment=1, retired=0)
    task, segment, _ = tasks.assign(rows_of(2))
    assert (task.tolist(), segment.tolist()) == ([1, 1], [1, 1])
    assert tasks.names.names == ["segment-0", "segment-1"]


def test_segments_go_on_when_their_tasks_are_not_told_apart_any_more() -> None:
    assert six_segments(drift(min_events=100)) == [(1, 1), (2, 2), (3, 3), (4, 4), (4, 5), (4, 6)]


def test_each_later_segment_is_a_task_of_its_own_where_the_oldest_makes_room() -> None:
    tasks = drift(min_events=100, alive_events=1_000)
    assert six_segments(tasks) == [(1, 1), (2, 2), (3, 3), (0, 4), (1, 5), (2, 6)]
    assert tasks.names.overflowed == 0


def six_segments(tasks: DriftTasks) -> list[tuple[int, int]]:
    tasks.assign(rows_of(1))
    segments = []
    for _ in range(6):
        tasks.observe(errors((1_000, 0.02)))
        tasks.observe(errors((1_000, 0.9)))
        task, segment, _retired = tasks.assign(rows_of(1))
        segments.append((task[0].item(), segment[0].item()))
    return segments


def test_an_alarm_within_min_events_of_the_last_one_is_not_raised() -> None:
    values = errors((1_000, 0.02), (1_000, 0.4), (1_000, 0.95), seed=6)
    assert len(alarms(drift(min_events=100), values)) == 2
    assert len(alarms(drift(min_events=1_500), values)) == 1


def test_what_is_kept_stays_below_the_horizon_and_is_compact_for_errors_of_0_and_1() -> None:
    tasks = drift(horizon=400)
    for turn in range(30):
        tasks.observe(errors((100, 0.3), seed=turn))
        inputs = tasks.state_dict()["alarm"]["inputs"]
        assert len(inputs) < 400
        assert inputs.dtype == np.uint8
    assert len(inputs) >= 200
    tasks.observe(np.array([0.25]))
    assert tasks.state_dict()["alarm"]["inputs"].dtype == np.float32


def test_a_rise_just_after_the_horizon_is_still_found() -> None:
    stretches = (2_010, 0.1), (500, 0.6)
    found = alarms(drift(horizon=2_000), errors(*stretches))
    assert len(found) == 1
    assert 2_010 < found[0] < 2_200


def test_errors_that_are_not_finite_are_passed_over() -> None:
    tasks, without = drift(), drift()
    tasks.observe(np.array([1.0, np.nan, 0.0, np.inf, 1e300]))
    without.observe(np.array([1.0, 0.0]))
    assert_same_state(tasks.state_dict()["alarm"], without.state_dict()["alarm"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"detector": "adwin", "threshold": 3}, "threshold is not for the detector adwin, which takes delta"),
        ({"detector": "kswin", "window": 30}, "at least twice recent"),
        ({"detector": "kswin", "horizon": 100}, "horizon"),
        ({"detector": "ddm"}, "adwin"),
    ],
)
def test_parameters_that_do_not_fit_the_detector_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        DriftTasksOptions.model_validate(options)

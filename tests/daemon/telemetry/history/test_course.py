from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from daemon.telemetry.history.course import MOST_STRETCHES, Course
from daemon.telemetry.history.flow import Stretch


def stretch(start: float, *, seconds: float = 2.0, events: int = 10, lag: int | None = 0) -> Stretch:
    return Stretch(start=start, stop=start + seconds, seconds=seconds, events=events, lag=lag)


steps = st.tuples(
    st.sampled_from([0.0, 0.0, 0.0, 1.0, 500.0]),
    st.integers(2, 9),
    st.integers(0, 100),
    st.none() | st.integers(0, 9),
)


@given(steps=st.lists(steps, min_size=1, max_size=60), most=st.integers(2, 12))
def test_however_long_it_is_the_ends_the_sums_and_the_peak_stay(
    steps: list[tuple[float, int, int, int | None]], most: int
) -> None:
    course, all_of_it, now = Course(most=most), [], 0.0
    for pause, seconds, events, lag in steps:
        all_of_it.append(stretch(now + pause, seconds=seconds, events=events, lag=lag))
        now = all_of_it[-1].stop
        course.add(all_of_it[-1])
    kept = course.stretches
    assert len(kept) <= most
    assert (kept[0].start, kept[-1].stop) == (all_of_it[0].start, now)
    assert all(one.stop <= other.start for one, other in itertools.pairwise(kept))
    assert sum(each.events for each in kept) == sum(each.events for each in all_of_it)
    assert sum(each.seconds for each in kept) == sum(each.seconds for each in all_of_it)
    lags = [each.lag for each in all_of_it if each.lag is not None]
    assert max((each.lag for each in kept if each.lag is not None), default=None) == max(lags, default=None)
    assert Course(kept, most=most).stretches == kept


def test_a_long_life_is_thinned_evenly() -> None:
    course = Course()
    for second in range(0, 20_000, 2):
        course.add(stretch(float(second)))
    lengths = [each.stop - each.start for each in course.stretches]
    assert len(lengths) == MOST_STRETCHES
    assert max(lengths) <= 4 * 20_000 / MOST_STRETCHES


def test_the_time_in_which_no_process_ran_is_no_slow_stream() -> None:
    course = Course(most=2)
    for start in (0.0, 2.0, 1_000.0, 1_002.0):
        course.add(stretch(start))
    assert [(each.start, each.stop, each.events / each.seconds) for each in course.stretches] == [
        (0, 4, 5),
        (1_000, 1_004, 5),
    ]


def test_where_the_clock_was_set_back_nothing_lies_in_the_future() -> None:
    course = Course()
    for start in (0.0, 100.0, 102.0, 50.0):
        course.add(stretch(start))
    assert [each.start for each in course.stretches] == [0, 50]

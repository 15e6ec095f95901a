from __future__ import annotations

from connectors.source import PartitionStatus
from daemon.telemetry.history.flow import EVERY_SECONDS, SPAN_SECONDS, Flow, Stretch, lag_of


def test_a_rate_is_that_since_the_sample_before() -> None:
    flow = Flow()
    for at, events in ((100.0, 0), (101.0, 30), (102.0, 50), (104.0, 250)):
        flow.sample(at=at, events=events, lag=None)
    assert [(each.at, each.events_per_second) for each in flow.samples] == [
        (100.0, None),
        (102.0, 25),
        (104.0, 100),
    ]


def test_going_back_to_a_checkpoint_is_no_negative_rate() -> None:
    flow = Flow()
    flow.sample(at=0.0, events=500, lag=None)
    flow.sample(at=2.0, events=100, lag=None)
    assert flow.samples[-1].events_per_second == 0


def test_ten_minutes_are_kept_however_long_it_runs() -> None:
    flow = Flow()
    for second in range(5_000):
        flow.sample(at=float(second), events=second, lag=0)
    assert len(flow.samples) == SPAN_SECONDS / EVERY_SECONDS
    assert 4_990 - flow.samples[0].at <= SPAN_SECONDS


def test_a_clock_that_is_set_back_begins_anew() -> None:
    flow = Flow()
    for at in (1_000.0, 10.0, 12.0, 14.0):
        flow.sample(at=at, events=0, lag=0)
    assert [(each.at, each.events_per_second) for each in flow.samples] == [(10.0, None), (12.0, 0), (14.0, 0)]


def test_the_lag_is_that_of_the_partitions_whose_end_is_known() -> None:
    ends = (15, None, 3)
    partitions = [
        PartitionStatus("t", n, position=5, end_offset=end, last_progress_seconds=0) for n, end in enumerate(ends)
    ]
    assert lag_of(partitions) == 10
    assert lag_of(partitions[1:2]) is None


def test_a_new_process_shows_what_is_left_of_the_last_minutes_and_no_rate_over_the_time_between() -> None:
    before = Flow()
    for second in range(0, 40, 2):
        before.sample(at=float(second), events=10 * second, lag=0)
    after = Flow(before.samples)
    assert after.sample(at=620.0, events=400, lag=7) is None
    assert next(each.at for each in after.samples) == 20.0
    assert after.samples[-1].events_per_second is None
    assert after.sample(at=622.0, events=420, lag=5) == Stretch(start=620, stop=622, seconds=2, events=20, lag=5)

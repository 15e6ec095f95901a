from __future__ import annotations

from kafka import TopicPartition

from connectors.kafka.stall_watch import StallWatch

PART = TopicPartition("t", 0)


def watched(position: int = 5) -> StallWatch:
    watch = StallWatch(stall_seconds=10, give_up_seconds=100)
    assert not watch.standing(PART, position, now=0)
    for _ in range(3):
        watch.idle_poll()
    return watch


def test_it_is_sought_again_once_then_stalled_then_given_up() -> None:
    watch = watched()
    verdicts = []
    for now in (9.9, 10, 15, 20, 45, 70, 99, 100):
        assert watch.standing(PART, 5, now)
        verdicts.append(watch.judge(PART, end=6, now=now))
    assert verdicts == ["moving", "seek_again", "moving", "stalled", "stalled", "stalled", "stalled", "give_up"]


def test_a_partition_at_the_end_of_its_log_never_stalls_and_its_time_counts_from_there() -> None:
    watch = watched()
    assert watch.judge(PART, end=5, now=1000) == "moving"
    for _ in range(3):
        watch.idle_poll()
    assert watch.judge(PART, end=6, now=1009) == "moving"
    assert watch.judge(PART, end=6, now=1010) == "seek_again"


def test_a_partition_that_waits_behind_others_does_not_stall() -> None:
    watch = StallWatch(stall_seconds=10, give_up_seconds=100)
    watch.standing(PART, 5, now=0)
    watch.idle_poll()
    watch.idle_poll()
    assert watch.judge(PART, end=6, now=1000) == "moving"
    watch.idle_poll()
    assert watch.judge(PART, end=6, now=1000) == "give_up"


def test_progress_starts_it_anew() -> None:
    watch = watched()
    assert not watch.standing(PART, 6, now=9)
    assert watch.standing(PART, 6, now=18)
    assert watch.judge(PART, end=7, now=18) == "moving"


def test_what_is_forgotten_starts_anew() -> None:
    watch = watched()
    watch.forget()
    assert not watch.standing(PART, 5, now=1000)
    watch.forget([PART, TopicPartition("t", 1)])
    assert not watch.standing(PART, 5, now=2000)


def test_while_nothing_is_polled_because_a_sink_is_waited_for_nothing_stalls() -> None:
    watch = watched()
    watch.polled(9)
    assert watch.standing(PART, 5, now=9)
    watch.polled(1000)
    assert not watch.standing(PART, 5, now=1000)
    for _ in range(3):
        watch.idle_poll()
    assert watch.judge(PART, end=6, now=1009) == "moving"

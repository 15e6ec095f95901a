"""Equal messages are shown a few times, and none goes uncounted."""

from __future__ import annotations

import logging

from hypothesis import given
from hypothesis import strategies as st

from daemon.process.repeat_limit import Message, RepeatLimit

STALLED = Message("daemon.loop.loop", logging.WARNING, "stalled")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_new_window_opens_when_the_time_is_over() -> None:
    clock = Clock()
    limit = RepeatLimit(burst=2, window_seconds=60.0, clock=clock)
    assert [limit.admits(STALLED) for _ in range(5)] == [True, True, False, False, False]
    clock.now = 59.0
    assert limit.expired() == []
    clock.now = 60.0
    assert limit.expired() == [(STALLED, 3)]
    assert limit.admits(STALLED)


def test_logger_level_and_event_make_a_message() -> None:
    limit = RepeatLimit(burst=1, window_seconds=60.0, clock=Clock())
    others = [
        STALLED._replace(logger="kafka"),
        STALLED._replace(level=logging.ERROR),
        STALLED._replace(event="lost"),
    ]
    assert all(limit.admits(message) for message in [STALLED, *others])
    assert not any(limit.admits(message) for message in [STALLED, *others])


@given(st.lists(st.tuples(st.integers(0, 20), st.floats(0, 50)), max_size=100))
def test_shown_and_suppressed_are_together_all_however_many_kinds(said: list[tuple[int, float]]) -> None:
    clock = Clock()
    limit = RepeatLimit(burst=2, window_seconds=60.0, clock=clock, max_messages=5)
    shown = suppressed = 0
    for event, pause in said:
        clock.now += pause
        suppressed += sum(count for _, count in limit.expired())
        shown += limit.admits(STALLED._replace(event=str(event)))
    assert shown + suppressed + sum(count for _, count in limit.all()) == len(said)
    assert limit.all() == []

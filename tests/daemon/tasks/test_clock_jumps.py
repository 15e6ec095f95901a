from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from daemon.tasks.clock_jumps import AGREE, NEAR, ClockJumps

PERIODS = st.lists(st.one_of(st.integers(0, 90), st.integers(-20_000, 20_000)), max_size=60)


@given(periods=PERIODS, sizes=st.lists(st.integers(1, 9), min_size=1, max_size=9))
def test_neither_grouping_nor_a_restart_matters(periods: list[int], sizes: list[int]) -> None:
    expected = ClockJumps().without_wrong(np.array(periods, dtype=np.int64)).tolist()
    jumps, found, start = ClockJumps(), [], 0
    while start < len(periods):
        size = sizes[start % len(sizes)]
        found += jumps.without_wrong(np.array(periods[start : start + size], dtype=np.int64)).tolist()
        again = ClockJumps()
        again.load_state_dict(jumps.state_dict())
        jumps, start = again, start + size
    assert found == expected


@given(
    periods=st.lists(st.integers(0, NEAR), max_size=40), wrong=st.lists(st.integers(100, 10**9), max_size=AGREE - 1)
)
def test_a_few_wrong_clocks_misplace_themselves_alone(periods: list[int], wrong: list[int]) -> None:
    mixed = [(period, period) for period in periods]
    for place, far in enumerate(wrong):
        mixed.insert(1 + place * 3, (far, -1))
    rows = [row for row in mixed if periods]
    found = ClockJumps().without_wrong(np.array([stated for stated, _ in rows], dtype=np.int64)).tolist()
    assert [each for each, (_, right) in zip(found, rows, strict=True) if right >= 0] == periods


def test_a_stream_that_goes_on_after_a_long_gap_is_followed() -> None:
    gap = [0, 1, *range(500, 520)]
    assert ClockJumps().without_wrong(np.array(gap)).tolist() == [0, *([1] * AGREE), *range(500 + AGREE - 1, 520)]


def test_a_stream_with_a_row_now_and_then_is_followed() -> None:
    sparse = list(range(0, 2_000, 100))
    found = ClockJumps().without_wrong(np.array(sparse)).tolist()
    assert found[AGREE:][-5:] == sparse[-5:]


def test_two_places_at_once_are_both_where_the_stream_is() -> None:
    interleaved = [place + n // 2 for n in range(80) for place in ([0] if n % 2 else [9_000])]
    found = ClockJumps().without_wrong(np.array(interleaved)).tolist()
    assert found[2 * AGREE :] == interleaved[2 * AGREE :]

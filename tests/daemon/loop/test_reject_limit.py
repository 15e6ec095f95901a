"""The breaker's verdict is a function of the events, however they were polled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.decoder import Reject
from connectors.record import EventRecord, LocalRecord
from daemon.learning.fault_numbers import NumberedFaults
from daemon.loop.reject_limit import NotToleratedError, RejectLimit, TooManyRejectsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.record import Record


def message(offset: int) -> LocalRecord:
    return LocalRecord("t", 0, offset, -1, None, b"", [])


def faults(offsets: Sequence[int], *, bad: Sequence[bool]) -> NumberedFaults:
    records = [message(offset) for offset in offsets]
    rejects = [Reject(record, "decode", "undecodable", "") for record in records if bad[record.offset]]
    return NumberedFaults.among(records, rejects, others=[each for each in records if not bad[each.offset]])


def verdict(bad: Sequence[bool], polls: Sequence[int], *, share: float = 0.5) -> str:
    """Return what the breaker says of events, of which some are bad, polled in parts of these sizes in turn."""
    limit, at, turn = RejectLimit(tolerate=True, max_share=share, window=20), 0, 0
    while at < len(bad):
        stop = min(len(bad), at + polls[turn % len(polls)])
        try:
            limit.observe(faults(range(at, stop), bad=bad))
        except TooManyRejectsError as error:
            return str(error)
        at, turn = stop, turn + 1
    return ""


@given(
    bad=st.lists(st.booleans(), max_size=120),
    polls=st.lists(st.integers(1, 50), min_size=1, max_size=5),
    share=st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0]),
)
def test_poll_sizes_make_no_difference(bad: list[bool], polls: list[int], share: float) -> None:
    assert verdict(bad, polls, share=share) == verdict(bad, [1], share=share)


def test_it_trips_at_the_first_event_with_which_there_are_too_many_in_the_window() -> None:
    good_then_bad = [False] * 50 + [True] * 50
    assert verdict(good_then_bad, [100]).startswith("11 of the last 20 events were rejected")
    assert "t[0] offset 60:" in verdict(good_then_bad, [100])
    assert not verdict([True] * 19, [7])  # before the window is full, it does not judge
    assert "offset 19:" in verdict([True] * 20, [7])
    assert not verdict([True] * 100, [7], share=1.0)


def test_events_of_messages_count_one_by_one() -> None:
    whole = message(0)
    events: list[Record] = [EventRecord.of(whole, index) for index in range(5)]
    rejects = [Reject(events[index], "decode", "wrong_type", "") for index in (1, 4)]
    unopened = Reject(message(1), "decode", "undecodable", "")
    among = NumberedFaults.among(
        [whole, message(1), message(2)],
        [*rejects, unopened],
        others=[events[0], events[2], events[3], EventRecord.of(message(2), 0)],
    )
    assert (among.numbers, among.events) == ([1, 4, 5], 7)


def test_what_the_format_has_to_have_is_no_fault_and_one_fault_is_enough_where_none_is_tolerated() -> None:
    expected = Reject(message(0), "decode", "tombstone", "", expected=True)
    limit = RejectLimit(tolerate=False, max_share=0.5)
    limit.observe(NumberedFaults.among([message(0)], [expected], others=()))
    with pytest.raises(NotToleratedError, match=r"t\[0\] offset 1: .*tolerate is false"):
        limit.observe(faults([1], bad=[False, True]))

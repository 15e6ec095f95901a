from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connectors.record import LocalRecord
from daemon.intake.first_events import FirstEvents
from daemon.state.state_tree import flatten, unflatten

TEXTS = st.one_of(st.none(), st.binary(max_size=5))
HEADERS = st.lists(st.tuples(st.text(max_size=3), st.binary(max_size=3)), max_size=3)
RECORDS = st.lists(
    st.builds(
        LocalRecord,
        st.text(max_size=3),
        st.integers(0, 9),
        st.integers(0, 2**62),
        st.integers(-1, 2**50),
        TEXTS,
        TEXTS,
        HEADERS,
    ),
    max_size=9,
)


@given(records=RECORDS, count=st.integers(1, 12))
def test_what_is_held_back_survives_as_it_came(records: list[LocalRecord], count: int) -> None:
    first = FirstEvents(count)
    others = first.hold(records)
    again = FirstEvents(count)
    again.load_state_dict(unflatten(flatten({"first": first.state_dict()}).copy())["first"])
    assert (len(again), again.full) == (len(first), first.full)
    assert [*again.take(), *others] == records


def test_large_events_are_looked_at_in_smaller_numbers() -> None:
    first = FirstEvents(100)
    records = [LocalRecord("t", 0, n, -1, None, bytes(10 << 20), []) for n in range(3)]
    assert len(first.hold(records)) == 1
    assert first.full

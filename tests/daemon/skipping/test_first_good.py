from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.skipping.first_good import first_good

WINDOW = 8


def by_hand(bad: list[bool], *, share: float, ended: bool) -> int | None:
    for start, here in enumerate(bad):
        stretch = bad[start : start + WINDOW]
        if not here and (ended or len(stretch) == WINDOW) and sum(stretch) <= share * len(stretch):
            return start
    return None


@given(bad=st.lists(st.booleans(), max_size=60), share=st.sampled_from([0.0, 0.25, 0.5, 1.0]), ended=st.booleans())
def test_it_is_the_first_good_event_whose_stretch_is_good(bad: list[bool], share: float, ended: bool) -> None:  # noqa: FBT001
    assert first_good(bad, max_share=share, ended=ended, window=WINDOW) == by_hand(bad, share=share, ended=ended)


@given(bad=st.lists(st.booleans(), min_size=40, max_size=60), cut=st.integers(0, 40))
def test_what_is_found_before_the_end_is_known_is_found_with_it(bad: list[bool], cut: int) -> None:
    early = first_good(bad[:cut], max_share=0.5, ended=False, window=WINDOW)
    assert early is None or early == first_good(bad, max_share=0.5, ended=True, window=WINDOW)

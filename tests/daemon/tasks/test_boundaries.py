from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.tasks.boundaries import Boundaries
from tests.daemon.same_state import chunks


def found_in(text: str, minimum: int, *, sizes: list[int] | None = None, reload: bool = False) -> list[int]:
    """The rows of ``text`` that a boundary lies before, found as the loop does."""
    segments = np.array([ord(letter) for letter in text], dtype=np.int64)
    boundaries, found = Boundaries(minimum), []
    for rows in chunks(len(segments), sizes or [max(1, len(segments))]):
        start, rest = rows.start, segments[rows]
        while (place := boundaries.next_boundary(rest)) is not None:
            boundaries.advance(rest[:place])
            assert boundaries.next_boundary(rest[place:]) == 0
            boundaries.cross()
            start, rest = start + place, rest[place:]
            found.append(start)
            if not place:
                assert boundaries.next_boundary(rest) != 0
        boundaries.advance(rest)
        if reload:
            state, boundaries = boundaries.state_dict(), Boundaries(minimum)
            boundaries.load_state_dict(state)
    return found


def by_definition(text: str, minimum: int) -> list[int]:
    found, run = [], 0
    for place, letter in enumerate(text):
        if place and letter != text[place - 1]:
            if run >= minimum:
                found.append(place)
            run = 0
        run += 1
    return found


@given(
    text=st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 6)), max_size=20),
    minimum=st.integers(1, 8),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    reload=st.booleans(),
)
def test_boundaries_are_those_of_the_definition_however_rows_are_grouped(
    *, text: list[tuple[str, int]], minimum: int, sizes: list[int], reload: bool
) -> None:
    stream = "".join(letter * length for letter, length in text)
    assert found_in(stream, minimum, sizes=sizes, reload=reload) == by_definition(stream, minimum)


@pytest.mark.parametrize(
    ("text", "minimum", "places"),
    [
        ("AAAAAA", 2, []),
        ("AAAABBBBAA", 4, [4, 8]),
        ("ABABABABAB", 2, []),
        ("AAAABAAAA", 4, [4]),
        ("AAAABAAAA", 5, []),
        ("AAAABAAAACC", 5, []),
        ("AAAABAAAAACC", 5, [10]),
        ("AABCCCCD", 2, [2, 7]),
        ("", 1, []),
    ],
)
def test_a_boundary_needs_an_uninterrupted_run_before_it(text: str, minimum: int, places: list[int]) -> None:
    assert found_in(text, minimum) == places
    assert found_in(text, minimum, sizes=[1]) == places

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.tasks.task_names import OTHER, TaskNames
from tests.daemon.same_state import chunks

NAMES = st.lists(st.sampled_from(["a", "b", "c", "d", OTHER]), min_size=1, max_size=30)


def codes(names: TaskNames, *of: str) -> list[int]:
    return names.assign(of).task.tolist()


@given(names=NAMES, sizes=st.lists(st.integers(1, 5), min_size=1, max_size=3), alive=st.integers(1, 6) | st.none())
def test_codes_do_not_depend_on_how_names_are_grouped(
    names: list[str], sizes: list[int], alive: int | None
) -> None:
    at_once, in_parts = TaskNames(2, alive_events=alive), TaskNames(2, alive_events=alive)
    expected = at_once.assign(names)
    parts = [in_parts.assign(names[rows]) for rows in chunks(len(names), sizes)]
    for column, found in zip(expected, zip(*parts, strict=True), strict=True):
        np.testing.assert_array_equal(np.concatenate([*found, []]), column)
    assert in_parts.state_dict() == at_once.state_dict()
    assert in_parts.overflowed == expected.task.tolist().count(2)
    assert all(code < in_parts.size for code in expected.task)


def test_tasks_beyond_the_bound_share_one_code_and_are_counted_where_none_makes_room() -> None:
    names = TaskNames(1, alive_events=None)
    assert [names.code(name, rows=5_000) for name in ("a", "b", "c", "a")] == [0, 1, 1, 0]
    assert (names.overflowed, names.names, names.name(0), names.name(1)) == (10_000, ["a"], "a", OTHER)


def test_the_task_not_seen_for_longest_makes_room_and_is_a_new_one_when_it_comes_back() -> None:
    names = TaskNames(2, alive_events=3)
    assert codes(names, "a", "b", "a", "a", "c", "c") == [0, 1, 0, 0, 1, 1]
    assert codes(names, "c", "b", "b") == [1, 0, 0]
    assert names.names == ["b", "c"]


def test_a_task_that_is_alive_keeps_its_place_and_a_new_one_waits_for_it() -> None:
    names = TaskNames(2, alive_events=4)
    assert codes(names, *"abababcacbcc") == [0, 1, 0, 1, 0, 1, 2, 0, 2, 1, 2, 0]
    assert codes(names, *"ccc") == [0, 0, 0]


def test_a_code_is_the_old_tasks_until_everybody_has_heard() -> None:
    names = TaskNames(1, alive_events=1)
    assert names.assign(["a", "a", "b", "c"]).retired.tolist() == [0, 0, 1, 2]
    told = []
    while names.retired < names.made_room:
        told.append((names.name(0), names.known[0], names.next_retired.code))
        names.retire()
    assert [*told, (names.name(0), names.known[0], 0)] == [("a", "a", 0), ("b", "b", 0), ("c", "c", 0)]


def test_no_two_tasks_have_the_same_segment_though_they_have_the_same_code() -> None:
    named = TaskNames(2, alive_events=1).assign(["a", "b", "c", "d", "a", "b"])
    assert len(set(named.segment.tolist())) == 6
    assert set(named.task.tolist()) == {0, 1}


def test_saved_names_keep_their_codes_and_must_fit() -> None:
    names, restored = TaskNames(2, alive_events=3), TaskNames(2, alive_events=3)
    names.assign(["z", "a", "q", "a", "q"])
    restored.load_state_dict(names.state_dict())
    assert restored.state_dict() == names.state_dict()
    assert codes(restored, "a", "q") == codes(names, "a", "q")
    assert (restored.known, restored.next_retired) == (names.known, names.next_retired)
    with pytest.raises(ValueError, match="max_tasks"):
        TaskNames(1).load_state_dict(names.state_dict())

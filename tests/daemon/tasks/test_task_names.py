from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.tasks.task_names import OTHER, TaskNames
from tests.daemon.same_state import chunks

NAMES = st.lists(st.sampled_from(["a", "b", "c", "d", OTHER]), max_size=30)


@given(names=NAMES, sizes=st.lists(st.integers(1, 5), min_size=1, max_size=3))
def test_codes_do_not_depend_on_how_names_are_grouped(names: list[str], sizes: list[int]) -> None:
    at_once, in_parts = TaskNames(2), TaskNames(2)
    expected = at_once.codes(names).tolist()
    assert [code for rows in chunks(len(names), sizes) for code in in_parts.codes(names[rows]).tolist()] == expected
    assert in_parts.state_dict() == at_once.state_dict()
    assert in_parts.overflowed == expected.count(2)
    assert all(code < in_parts.size for code in expected)


def test_tasks_beyond_the_bound_share_one_code_and_are_counted() -> None:
    names = TaskNames(1)
    assert [names.code(name, rows=5) for name in ("a", "b", "c", "a")] == [0, 1, 1, 0]
    assert (names.overflowed, names.names, names.name(0), names.name(1)) == (10, ["a"], "a", OTHER)


def test_saved_names_keep_their_codes_and_must_fit() -> None:
    names, restored = TaskNames(2), TaskNames(2)
    names.codes(["z", "a", "q"])
    restored.load_state_dict(names.state_dict())
    assert restored.codes(["a", "z"]).tolist() == [1, 0]
    assert restored.overflowed == 1
    with pytest.raises(ValueError, match="max_tasks"):
        TaskNames(1).load_state_dict(names.state_dict())

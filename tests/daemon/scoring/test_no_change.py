from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.scoring.no_change import NoChange
from tests.daemon.same_state import assert_same_state, chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray


def classes(*values: int) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def test_the_baseline_repeats_the_label_before() -> None:
    reference = NoChange(classification=True)
    assert reference.follow(classes(3, 1, 1)).tolist() == [-1, 3, 1]
    assert reference.follow(classes(2)).tolist() == [1]


def test_numbers_have_no_baseline_before_their_first_label() -> None:
    reference = NoChange(classification=False).follow(np.array([0.5, 2], dtype=np.float32))
    np.testing.assert_array_equal(reference, np.array([np.nan, 0.5], dtype=np.float32))
    assert reference.dtype == np.float32


def test_each_key_has_its_own_last_label() -> None:
    reference = NoChange(classification=True)
    followed = reference.follow(classes(0, 1, 2, 3, 4), key=classes(7, 8, 7, 8, 9))
    assert followed.tolist() == [-1, -1, 0, 1, -1]


def test_rows_without_a_key_share_one_last_label() -> None:
    reference = NoChange(classification=True)
    reference.follow(classes(5))
    assert reference.follow(classes(6, 7), key=classes(-1, 3)).tolist() == [5, -1]


def test_beyond_the_cap_the_key_used_longest_ago_is_forgotten() -> None:
    reference = NoChange(classification=True, max_keys=2)
    # 1 is used again before 3 comes, so 2 has to go.
    assert reference.follow(classes(0, 1, 2, 3, 4, 5), key=classes(1, 2, 1, 3, 2, 1)).tolist() == [
        -1,
        -1,
        0,
        -1,
        -1,
        -1,
    ]
    assert reference.state_dict()["keys"].tolist() == [2, 1]


def test_no_rows_change_nothing() -> None:
    reference = NoChange(classification=True)
    assert reference.follow(classes()).tolist() == []
    assert reference.state_dict()["keys"].tolist() == []


@pytest.mark.parametrize("classification", [True, False])
@given(
    rows=st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 9)), max_size=40),
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    max_keys=st.integers(1, 6),
)
def test_neither_grouping_nor_a_restart_matters(
    *, classification: bool, rows: list[tuple[int, int]], sizes: list[int], max_keys: int
) -> None:
    key = classes(*(k for k, _ in rows))
    label: Any = np.array([value for _, value in rows], dtype=np.int64 if classification else np.float32)
    whole, pieces = (NoChange(classification=classification, max_keys=max_keys) for _ in range(2))
    expected = whole.follow(label, key=key)
    followed: list[float] = []
    for piece in chunks(len(rows), sizes):
        followed.extend(pieces.follow(label[piece], key=key[piece]))
        saved, pieces = pieces.state_dict(), NoChange(classification=classification, max_keys=max_keys)
        pieces.load_state_dict(saved)
    np.testing.assert_array_equal(followed, expected)
    assert_same_state(pieces.state_dict(), whole.state_dict())

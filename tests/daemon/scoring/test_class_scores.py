"""What is said class by class."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_score, recall_score

from daemon.scoring.class_scores import ClassScores, balanced_accuracy

CLASSES = 4


@given(
    pairs=st.lists(st.tuples(st.integers(0, CLASSES - 1), st.integers(0, CLASSES - 1)), min_size=1, max_size=50),
    cut=st.integers(0, 50),
)
def test_the_figures_are_those_of_the_textbook_however_the_rows_are_grouped(
    pairs: list[tuple[int, int]], cut: int
) -> None:
    said, true = (np.array(column) for column in zip(*pairs, strict=True))
    scores = ClassScores(CLASSES)
    for part in (slice(0, cut), slice(cut, None)):
        scores.update(said[part], label=true[part])
        scores.load_state_dict(scores.state_dict())
    of_each = scores.of_each()
    seen = sorted({*said.tolist(), *true.tolist()})
    assert list(of_each) == seen
    recalls = recall_score(true, said, labels=seen, average=None, zero_division=np.nan)
    np.testing.assert_array_almost_equal([_or_nan(of_each[index].recall) for index in seen], recalls)
    precisions = precision_score(true, said, labels=seen, average=None, zero_division=np.nan)
    np.testing.assert_array_almost_equal([_or_nan(of_each[index].precision) for index in seen], precisions)
    assert np.isclose(balanced_accuracy(of_each.values()) or 0.0, np.nanmean(recalls))


def test_where_nothing_was_said_it_is_a_miss_and_of_numbers_there_is_nothing() -> None:
    scores = ClassScores(2)
    scores.update(np.array([-1, 0]), label=np.array([0, 0]))
    assert scores.of_each()[0].recall == 0.5
    numbers = ClassScores(0)
    numbers.update(np.array([0.5]), label=np.array([0.7]))
    assert numbers.of_each() == {}
    assert balanced_accuracy([]) is None


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value

"""What is evaluated on is never learned, nor anything that shares samples with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.literature.splits import last_of_each_class, stratified

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLASSES = st.lists(st.integers(0, 3), min_size=1, max_size=80)


def integers(values: list[int]) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


@given(CLASSES, st.integers(0, 99))
def test_a_fifth_of_each_class_is_held_out_and_all_else_is_learned(labels: list[int], seed: int) -> None:
    y = integers(labels)
    learned, held_out = stratified(y, generator=np.random.default_rng(seed))
    assert sorted([*learned, *held_out]) == list(range(len(y)))
    for label in set(labels):
        assert (y[held_out] == label).sum() == round((y == label).sum() * 0.2)


def test_the_seed_draws_what_is_held_out() -> None:
    y = integers([0] * 50)
    drawn = {tuple(stratified(y, generator=np.random.default_rng(seed))[1].tolist()) for seed in (0, 0, 1)}
    assert len(drawn) == 2


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=80))
def test_the_last_fifth_of_each_class_is_held_out_and_nothing_that_overlaps_it_is_learned(
    rows: list[tuple[int, bool]],
) -> None:
    y, overlaps = integers([label for label, _ in rows]), np.array([overlap for _, overlap in rows])
    learned, held_out = last_of_each_class(y, overlaps=overlaps)
    for label in set(y.tolist()):
        of_class = np.flatnonzero(y == label)
        count = round(len(of_class) * 0.2)
        assert held_out[y[held_out] == label].tolist() == of_class[len(of_class) - count :].tolist()
    neither = set(range(len(y))) - set(learned.tolist()) - set(held_out.tolist())
    assert not set(learned.tolist()) & set(held_out.tolist())
    kept = set(held_out.tolist())
    for row in range(len(y)):
        before, after = row - 1 in kept and overlaps[row], row + 1 in kept and overlaps[row + 1]
        assert (row in neither) is bool((before or after) and row not in kept)

"""A sample is uniform over all that was seen, and the same however the rows came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies.balanced_reservoir import BalancedReservoir
from strategies.reservoir import Reservoir

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from strategies.admission import Admission

KINDS = [Reservoir, BalancedReservoir]


class Kept:
    """Which row is in which slot, as a memory would have it."""

    def __init__(self, admission: Admission, capacity: int) -> None:
        self.admission = admission
        self.row_of_slot = np.full(capacity, -1)
        self._offered = 0

    def offer(self, groups: NDArray[np.int64]) -> None:
        rows, slots = self.admission.admit(groups)
        for row, slot in zip(rows.tolist(), slots.tolist(), strict=True):
            self.row_of_slot[slot] = self._offered + row
        self._offered += len(groups)

    @property
    def rows(self) -> NDArray[np.int64]:
        return self.row_of_slot[: self.admission.filled]


def sample(kind: type, capacity: int, groups: NDArray[np.int64], *, seed: int = 0) -> Kept:
    kept = Kept(kind(capacity, generator=np.random.default_rng(seed)), capacity)
    kept.offer(groups)
    return kept


def chi_square(counts: NDArray[np.int64], expected: float) -> float:
    """Return Pearson's statistic over its degrees of freedom: near 1 where the counts fit."""
    return float(((counts - expected) ** 2 / expected).sum() / (len(counts) - 1))


def test_every_row_is_kept_with_the_same_probability() -> None:
    rows, capacity, times = 50, 10, 4000
    kept = np.concatenate(
        [sample(Reservoir, capacity, np.zeros(rows, dtype=np.int64), seed=seed).rows for seed in range(times)]
    )
    assert 0.5 < chi_square(np.bincount(kept, minlength=rows), times * capacity / rows) < 1.5


def test_every_slot_is_replaced_with_the_same_probability() -> None:
    admission = Reservoir(10, generator=np.random.default_rng(0))
    admission.admit(np.zeros(10, dtype=np.int64))
    _, slots = admission.admit(np.zeros(2_000_000, dtype=np.int64))
    assert chi_square(np.bincount(slots, minlength=10), len(slots) / 10) < 2.5


def test_a_resumed_sample_is_not_biased_to_what_came_after() -> None:
    groups = np.zeros(1000, dtype=np.int64)
    straight, resumed = (Reservoir(20, generator=np.random.default_rng(seed)) for seed in (0, 1))
    straight.admit(groups)
    resumed.load_state_dict(straight.state_dict())
    rows, slots = straight.admit(groups)
    same_rows, same_slots = resumed.admit(groups)
    assert np.array_equal(rows, same_rows)
    assert np.array_equal(slots, same_slots)
    assert len(rows) < 40  # about 20 ln 2


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=50)
@given(
    seed=st.integers(0, 2**32),
    capacity=st.integers(1, 30),
    sizes=st.lists(st.integers(0, 40), max_size=8),
)
def test_the_sample_does_not_depend_on_how_rows_were_grouped(
    kind: type, seed: int, capacity: int, sizes: list[int]
) -> None:
    groups = np.minimum(np.random.default_rng(seed).geometric(0.4, sum(sizes)), 4)
    together = sample(kind, capacity, groups, seed=seed)
    parted = Kept(kind(capacity, generator=np.random.default_rng(seed)), capacity)
    for end, size in zip(np.cumsum(sizes).tolist(), sizes, strict=True):
        parted.offer(groups[end - size : end])
    assert np.array_equal(together.row_of_slot, parted.row_of_slot)
    one, other = together.admission.state_dict(), parted.admission.state_dict()
    assert str(one) == str(other)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [0, 3, 7, 8, 100])
def test_the_first_slots_are_filled_and_never_more_than_there_are(kind: type, rows: int) -> None:
    kept = sample(kind, 7, np.arange(rows) % 3)
    assert kept.admission.n_seen == rows
    assert kept.admission.filled == min(rows, 7)
    assert (kept.rows >= 0).all()
    assert len(set(kept.rows.tolist())) == len(kept.rows)


@pytest.mark.parametrize("kind", KINDS)
def test_after_a_restart_the_sample_is_of_what_comes_then(kind: type) -> None:
    kept = sample(kind, 10, np.arange(500) % 2)
    kept.admission.restart()
    assert (kept.admission.filled, kept.admission.n_seen) == (0, 0)
    kept.offer(np.full(4, 7))
    assert kept.rows.tolist() == [500, 501, 502, 503]
    kept.offer(np.full(100, 7))
    assert (kept.row_of_slot >= 500).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_restored_sample_goes_on_bit_for_bit(kind: type) -> None:
    rng = np.random.default_rng(5)
    groups = np.minimum(rng.geometric(0.3, 400), 5)
    straight = sample(kind, 32, groups[:200])  # five groups can't all be the largest
    resumed = Kept(kind(32, generator=np.random.default_rng(9)), 32)
    resumed.admission.load_state_dict(straight.admission.state_dict())
    resumed.row_of_slot[:] = straight.row_of_slot
    resumed._offered = 200
    for kept in (straight, resumed):
        kept.offer(groups[200:])
    assert np.array_equal(straight.row_of_slot, resumed.row_of_slot)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_sample_can_be_restored(kind: type) -> None:
    resumed = kind(5, generator=np.random.default_rng(1))
    resumed.load_state_dict(kind(5, generator=np.random.default_rng(0)).state_dict())
    assert resumed.filled == 0
    assert len(resumed.admit(np.arange(5))[0]) == 5


def skewed(seed: int) -> NDArray[np.int64]:
    """A thousand rows of class 0, a hundred of class 1, ten of class 2, mixed."""
    return np.random.default_rng(seed).permutation(np.repeat([0, 1, 2], [1000, 100, 10]))


def test_a_balanced_sample_keeps_a_rare_group_whole() -> None:
    groups = skewed(0)
    kept = groups[sample(BalancedReservoir, 90, groups).rows]
    assert (kept == 2).sum() == 10


def test_a_balanced_sample_gives_the_others_equal_shares() -> None:
    groups = skewed(0)
    counts = np.bincount(groups[sample(BalancedReservoir, 90, groups).rows])
    assert counts.tolist() == [40, 40, 10]


def test_a_balanced_sample_is_uniform_within_each_group() -> None:
    groups = np.random.default_rng(0).permutation(np.repeat([0, 1], [60, 30]))
    times, capacity = 1500, 24
    kept = np.concatenate([sample(BalancedReservoir, capacity, groups, seed=seed).rows for seed in range(times)])
    counts = np.bincount(kept, minlength=len(groups))
    for group in (0, 1):
        of_group = counts[groups == group]
        assert of_group.sum() == pytest.approx(times * capacity / 2, rel=0.02)
        assert chi_square(of_group, of_group.mean()) < 1.5


def test_a_group_that_comes_late_still_gets_its_share() -> None:
    groups = np.repeat([0, 1, 2], [5000, 5000, 50])
    counts = np.bincount(groups[sample(BalancedReservoir, 60, groups).rows])
    assert counts.tolist() == [20, 20, 20]


def test_more_groups_than_slots_are_survived() -> None:
    kept = sample(BalancedReservoir, 5, np.arange(2000) % 40)
    assert kept.admission.filled == 5
    assert len(set(kept.rows.tolist())) == 5


@settings(max_examples=50)
@given(seed=st.integers(0, 2**32), groups=st.integers(1, 60), capacity=st.integers(1, 30))
def test_a_balanced_sample_goes_on_alike_with_what_it_knows_of_the_largest_groups(
    seed: int, groups: int, capacity: int
) -> None:
    """A restored one has counted anew which groups are the largest, one that goes on has kept count."""
    stream = np.random.default_rng(seed).integers(0, groups, 200)
    straight = BalancedReservoir(capacity, generator=np.random.default_rng(0))
    for start in range(0, len(stream), 20):
        resumed = BalancedReservoir(capacity, generator=np.random.default_rng(1))
        resumed.load_state_dict(straight.state_dict())
        part = stream[start : start + 20]
        assert np.array_equal(straight.admit(part), resumed.admit(part))
        assert straight.state_dict()["once_largest"] == resumed.state_dict()["once_largest"]

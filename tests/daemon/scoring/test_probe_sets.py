from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.scoring.probe_sets import ProbeSets, holds_out, splitmix64
from tests.daemon.same_state import assert_same_state, chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float32]


def positions(rows: int, *, partition: int = 0, step: int = 1) -> tuple[Ints, Ints]:
    return np.full(rows, partition, dtype=np.int64), np.arange(rows, dtype=np.int64) * step


def stream(rows: int) -> tuple[Floats, Ints, Ints]:
    rng = np.random.default_rng(0)
    x = np.arange(rows * 2, dtype=np.float32).reshape(rows, 2)
    return x, rng.integers(5, size=rows), rng.integers(3, size=rows)


def probe_sets(rows: int = 7, *, max_tasks: int = 4, seed: int = 11) -> ProbeSets:
    return ProbeSets(rows, max_tasks=max_tasks, generator=np.random.default_rng(seed))


def test_the_hash_is_splitmix64_as_others_publish_it() -> None:
    seed = np.array([1234567], dtype=np.uint64)
    assert splitmix64(seed, np.arange(5, dtype=np.uint64)).tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def reference_hash(seed: int, index: int) -> int:
    """splitmix64 once more, in exact integers."""
    z = (seed + (index + 1) * 0x9E3779B97F4A7C15) % 2**64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
    return z ^ z >> 31


@given(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-(2**70), 2**70),
    st.floats(0, 1),
)
def test_the_decision_follows_its_description(partition: int, offset: int, seed: int, share: float) -> None:
    hashed = reference_hash(reference_hash(seed, partition), offset) >> 11
    chosen = holds_out(np.array([partition]), np.array([offset]), share=share, seed=seed)
    assert chosen.tolist() == [hashed / 2**53 < share]


@pytest.mark.parametrize("step", [1, 2, 7, 1000, 2**32])
@pytest.mark.parametrize("partition", [0, 1, -1])
def test_the_share_is_held_out_at_any_stride_and_in_any_partition(step: int, partition: int) -> None:
    rows, share = 200_000, 0.02
    held = holds_out(*positions(rows, partition=partition, step=step), share=share, seed=3).sum()
    assert abs(held - rows * share) < 5 * np.sqrt(rows * share * (1 - share))


def test_neighbours_partitions_and_seeds_are_held_out_independently() -> None:
    rows, share = 400_000, 0.1
    one = holds_out(*positions(rows), share=share, seed=0)
    for other in (
        np.roll(one, 1),
        holds_out(*positions(rows, partition=1), share=share, seed=0),
        holds_out(*positions(rows), share=share, seed=1),
    ):
        both = (one & other).sum()
        assert abs(both - rows * share**2) < 5 * np.sqrt(rows * share**2)


def test_nothing_or_everything_is_held_out_at_the_ends() -> None:
    assert not holds_out(*positions(1000), share=0, seed=0).any()
    assert holds_out(*positions(1000), share=1, seed=0).all()


def test_a_larger_share_keeps_what_a_smaller_one_held_out() -> None:
    small, large = (holds_out(*positions(10_000), share=share, seed=0) for share in (0.02, 0.05))
    assert (large | ~small).all()


def test_a_set_holds_all_rows_until_it_is_full_and_never_more() -> None:
    sets = probe_sets(3)
    x, y, _ = stream(10)
    for i in range(10):
        sets.add(x[i : i + 1], y=y[i : i + 1], task=np.array([2]))
        assert (sets.count(2), sets.n_seen(2)) == (min(i + 1, 3), i + 1)
        assert len(sets.rows_of(2)[0]) == sets.count(2)
    assert sets.count(0) == 0


def algorithm_r(x: Floats, y: Ints, task: Ints, *, rows: int, generator: np.random.Generator) -> dict[int, Any]:
    """Vitter's Algorithm R as it is written down, a row at a time."""
    kept: dict[int, list[Any]] = {}
    seen: dict[int, int] = {}
    for i in range(len(x)):
        u, j = generator.random(), int(task[i])
        seen[j] = seen.get(j, 0) + 1
        slots = kept.setdefault(j, [])
        if seen[j] <= rows:
            slots.append((x[i], y[i]))
        elif (slot := int(u * seen[j])) < rows:
            slots[slot] = (x[i], y[i])
    return kept


@given(st.integers(0, 120), st.integers(1, 9), st.lists(st.integers(1, 50), min_size=1, max_size=5))
def test_samples_are_those_of_algorithm_r_however_rows_are_grouped(
    rows: int, capacity: int, sizes: list[int]
) -> None:
    x, y, task = stream(rows)
    sets = probe_sets(capacity)
    for piece in chunks(rows, sizes):
        sets.add(x[piece], y=y[piece], task=task[piece])
    expected = algorithm_r(x, y, task, rows=capacity, generator=np.random.default_rng(11))
    for j in expected:
        have_x, have_y = sets.rows_of(j)
        np.testing.assert_array_equal(have_x, [row for row, _ in expected[j]])
        np.testing.assert_array_equal(have_y, [label for _, label in expected[j]])


@given(st.lists(st.integers(1, 50), min_size=1, max_size=5))
def test_the_state_does_not_depend_on_the_grouping(sizes: list[int]) -> None:
    x, y, task = stream(150)
    whole, pieces = probe_sets(), probe_sets()
    whole.add(x, y=y, task=task)
    for piece in chunks(150, sizes):
        pieces.add(x[piece], y=y[piece], task=task[piece])
    assert_same_state(whole.state_dict(), pieces.state_dict())


def test_every_row_is_kept_with_the_same_probability() -> None:
    trials, rows, capacity = 4_000, 20, 5
    kept = np.zeros(rows)
    generator = np.random.default_rng(5)
    x = np.arange(rows, dtype=np.float32)[:, None]
    for _ in range(trials):
        sets = ProbeSets(capacity, max_tasks=1, generator=generator)
        sets.add(x, y=np.zeros(rows, np.int64), task=np.zeros(rows, np.int64))
        kept[sets.rows_of(0)[0][:, 0].astype(int)] += 1
    expected = trials * capacity / rows
    # Inclusions of one trial are not independent: the statistic is 1 - capacity/rows times a chi-square.
    statistic = ((kept - expected) ** 2 / expected).sum() / (1 - capacity / rows)
    assert kept.sum() == trials * capacity
    assert statistic < 43.8  # the 99.9 % point of chi-square with 19 degrees of freedom


@pytest.mark.parametrize("target", [np.int64, np.float32])
def test_a_restored_state_goes_on_bit_for_bit(target: type) -> None:
    x, y, task = stream(200)
    y = y.astype(target)
    straight, stopped, resumed = probe_sets(), probe_sets(), probe_sets(seed=99)
    straight.add(x, y=y, task=task)
    stopped.add(x[:90], y=y[:90], task=task[:90])
    resumed.load_state_dict(stopped.state_dict())
    resumed.add(x[90:], y=y[90:], task=task[90:])
    assert resumed.rows_of(0)[1].dtype == target
    assert_same_state(resumed.state_dict(), straight.state_dict())


def test_what_was_loaded_does_not_follow_what_it_was_loaded_from() -> None:
    x, y, task = stream(200)
    sets, again = probe_sets(), probe_sets()
    sets.add(x[:50], y=y[:50], task=task[:50])
    again.load_state_dict(sets.state_dict())
    loaded = deepcopy(again.state_dict())
    sets.add(x[50:], y=y[50:], task=task[50:])
    assert_same_state(again.state_dict(), loaded)


def test_only_tasks_that_came_take_memory() -> None:
    sets = probe_sets(1000, max_tasks=1000)
    x, y, _ = stream(2)
    sets.add(x, y=y, task=np.array([7, 7]))
    assert list(sets.state_dict()["sets"]) == ["7"]


@pytest.mark.parametrize(
    ("other", "setting"), [({"rows": 8}, "retention.probe_rows"), ({"max_tasks": 5}, "retention.max_tasks")]
)
def test_a_state_of_another_size_is_refused_with_the_settings_name(other: dict[str, int], setting: str) -> None:
    with pytest.raises(ValueError, match=f"{setting} is .* set it back to"):
        probe_sets(**other).load_state_dict(probe_sets().state_dict())

"""Two bytes a value keep what a column tells, wherever it lies."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies.column_code import SETTLED_ROWS, ColumnCode

CAPACITY = 64


class Kept:
    """Columns in slots that are filled one after another, and then from the first on again."""

    def __init__(self, columns: int, capacity: int = CAPACITY) -> None:
        self.code = ColumnCode(columns)
        self.halves = np.zeros((capacity, columns), dtype=np.float16)
        self.seen = 0

    def put(self, rows: np.ndarray) -> None:
        slots = (self.seen + np.arange(len(rows))) % len(self.halves)
        self.code.put(self.halves, slots, rows, filled=min(self.seen, len(self.halves)))
        self.seen += len(rows)

    def values(self) -> np.ndarray:
        return self.code.decode(self.halves[: self.seen])


middles = st.floats(-2e9, 2e9) | st.floats(-1, 1) | st.just(0.0)
widths = st.floats(-6, 6).map(lambda power: 10.0**power)


@settings(max_examples=60)
@given(middles, widths, st.integers(0, 2**32 - 1), st.integers(2, CAPACITY))
def test_a_value_comes_back_within_eleven_bits_of_its_distance_from_where_the_column_lies(
    middle: float, width: float, seed: int, count: int
) -> None:
    x = middle + width * np.random.default_rng(seed).standard_normal((count, 1))
    kept = Kept(1)
    kept.put(x)
    # Offset and scale change a few times while a column is young, and each time what is kept is rounded again.
    reach = np.abs(x - x.mean()) + x.std()
    assert (np.abs(kept.values() - x) <= 4 * 2**-11 * reach + np.spacing(abs(middle))).all()


def test_seconds_since_1970_keep_what_they_tell() -> None:
    x = 1.76e9 + 40 * np.random.default_rng(0).standard_normal((5_000, 1))
    kept = Kept(1)
    kept.put(x)
    last = x[-8:]
    start = (kept.seen - 8) % CAPACITY
    error = np.abs(kept.values()[start : start + 8] - last)
    assert (error <= 2**-11 * 40 * (1 + np.abs(last - 1.76e9) / 40)).all()


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.floats(-1e30, 1e30), min_size=2, max_size=2), min_size=1, max_size=40),
    st.lists(st.integers(1, 7), min_size=40, max_size=40),
)
def test_how_rows_are_grouped_makes_no_difference(rows: list[list[float]], sizes: list[int]) -> None:
    x, together, apart = np.array(rows), Kept(2, 16), Kept(2, 16)
    for start in range(0, len(x), 16):
        together.put(x[start : start + 16])
    for size in sizes:
        apart.put(x[apart.seen : apart.seen + size])
    assert np.array_equal(together.halves, apart.halves)
    for name, value in together.code.state_dict().items():
        assert np.array_equal(value, apart.code.state_dict()[name])


@given(st.floats(-3e38, 3e38))
def test_a_column_that_does_not_vary_is_exact(value: float) -> None:
    kept = Kept(1)
    kept.put(np.full((40, 1), value))
    assert (kept.values() == value).all()


@settings(max_examples=40)
@given(st.sampled_from([0.0, 7.5, -101_325.0]), widths, st.integers(1, 3_000))
def test_a_column_that_varies_late_is_kept_from_then_on(constant: float, width: float, late: int) -> None:
    kept = Kept(1)
    kept.put(np.full((late, 1), constant))
    x = constant + width * (2 + np.random.default_rng(late).standard_normal((CAPACITY, 1)))
    kept.put(x)
    order = (late + np.arange(CAPACITY)) % CAPACITY
    assert (np.abs(kept.values()[order] - x) <= 2**-8 * 3 * width + 1e-9 * abs(constant)).all()


def test_values_that_are_mostly_zero_stay_exactly_zero() -> None:
    x = np.zeros((CAPACITY, 1))
    x[::9] = 255.0
    kept = Kept(1)
    kept.put(x)
    assert (kept.values()[x == 0] == 0).all()


def test_an_absurd_value_takes_nothing_away_once_a_column_is_known() -> None:
    x = 101_325 + 40 * np.random.default_rng(0).standard_normal((SETTLED_ROWS + CAPACITY, 1))
    x[SETTLED_ROWS + 3] = 1e30
    kept = Kept(1)
    kept.put(x)
    order = (SETTLED_ROWS + np.arange(CAPACITY)) % CAPACITY
    error = np.abs(kept.values()[order] - x[-CAPACITY:])
    assert error[3] > 1e29
    assert np.delete(error, 3).max() < 0.2


def test_huge_values_and_those_that_are_no_numbers_are_kept_beside_others() -> None:
    x = np.array([[3e38, 1.0], [-3e38, np.nan], [1e38, np.inf], [0.0, 3.0]])
    kept = Kept(2)
    kept.put(x)
    back = kept.values()
    assert (np.abs(back[:, 0] - x[:, 0]) <= 2**-9 * 3e38).all()
    assert np.isnan(back[1, 1])
    assert abs(back[3, 1] - 3.0) < 0.01


def test_a_restored_code_goes_on_alike() -> None:
    x = np.random.default_rng(3).standard_normal((50, 3)) * [1, 1e5, 1e-5] + 7
    one, other = Kept(3), Kept(3)
    for kept in (one, other):
        kept.put(x[:21])
    other.code = ColumnCode(3)
    other.code.load_state_dict(one.code.state_dict())
    one.put(x[21:])
    other.put(x[21:])
    assert np.array_equal(one.halves, other.halves)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from daemon.scoring.scores import accuracy, r2_clipped

if TYPE_CHECKING:
    from numpy.typing import NDArray


def numbers(*values: float) -> NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


def test_accuracy_is_undefined_without_rows() -> None:
    nothing = np.array([], dtype=np.int64)
    assert accuracy(nothing, nothing) is None


def test_accuracy_of_all_wrong_is_zero_and_not_undefined() -> None:
    assert accuracy(np.array([0, 0]), np.array([1, 2])) == 0.0


def test_r2_of_the_mean_is_zero_and_of_perfect_predictions_one() -> None:
    y = numbers(1, 2, 6)
    assert r2_clipped(numbers(3, 3, 3), y) == 0.0
    assert r2_clipped(y, y) == 1.0


def test_r2_by_hand() -> None:
    # ȳ = 4.5, Σ(y - ȳ)² = 12.25 + .25 + 2.25 + 2.25 = 17, Σ(y - ŷ)² = 1 + 1 + 0 + 4 = 6
    assert r2_clipped(numbers(2, 4, 6, 8), numbers(1, 5, 6, 6)) == pytest.approx(1 - 6 / 17)


def test_r2_is_clipped_at_minus_one() -> None:
    assert r2_clipped(numbers(1e30, 0), numbers(0, 1)) == -1.0


@pytest.mark.parametrize("values", [(), (3,), (0.1, 0.1, 0.1)])
def test_r2_is_undefined_where_nothing_varies(values: tuple[float, ...]) -> None:
    y = numbers(*values)
    assert r2_clipped(y + 1, y) is None


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_prediction_that_is_not_finite_has_the_worst_score(bad: float) -> None:
    assert r2_clipped(numbers(0, bad), numbers(0, 1)) == -1.0


def test_r2_survives_a_large_offset() -> None:
    y = numbers(0, 1, 2, 3) + np.float32(1e6)
    assert r2_clipped(y + np.float32(1), y) == pytest.approx(1 - 4 / 5)

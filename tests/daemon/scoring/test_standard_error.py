from __future__ import annotations

import numpy as np
import pytest

from daemon.scoring.scores import accuracy, r2_clipped
from daemon.scoring.standard_error import error_of_accuracy, error_of_r2


def test_the_error_of_an_accuracy_is_how_much_it_varies_from_sample_to_sample() -> None:
    rng, label = np.random.default_rng(0), np.ones(50, np.int64)
    answers = [(rng.random(50) < 0.8).astype(np.int64) for _ in range(2_000)]
    varies = np.std([accuracy(each, label) for each in answers])
    assert np.mean([error_of_accuracy(each, label) for each in answers]) == pytest.approx(varies, rel=0.05)


def test_the_error_of_r2_is_how_much_it_varies_from_sample_to_sample() -> None:
    rng = np.random.default_rng(1)
    pairs = [(label, label + rng.normal(0, 0.5, 80)) for label in rng.normal(size=(2_000, 80))]
    varies = np.std([r2_clipped(said.astype(np.float32), label.astype(np.float32)) for label, said in pairs])
    assert np.mean([error_of_r2(said, label) for label, said in pairs]) == pytest.approx(varies, rel=0.1)


def test_it_is_undefined_where_nothing_can_be_told() -> None:
    assert error_of_accuracy(np.zeros(0), np.zeros(0)) is None
    assert error_of_r2(np.array([1.0, 2.0]), np.array([1.0, 2.0])) is None
    assert error_of_r2(np.array([1.0, np.nan, 0.0]), np.array([1.0, 2.0, 3.0])) is None
    assert error_of_r2(np.zeros(3), np.array([1.0, 2.0, 2.0])) is None

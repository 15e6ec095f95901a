"""Running sizes and levels follow the stream, and not a broken reading."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.learning.committee.fading_scale import FadingLevel, FadingSize


def test_a_level_far_from_zero_keeps_its_deviation() -> None:
    numbers = 1e9 + np.random.default_rng(0).normal(size=4_000)
    level = FadingLevel(memory=1.0)
    for start in range(0, 4_000, 32):
        level.absorb(numbers[start : start + 32])
    assert level.mean == pytest.approx(numbers.mean(), abs=1e-3)
    assert level.deviation == pytest.approx(1, rel=0.05)


def test_a_level_that_moves_for_good_is_followed() -> None:
    chance = np.random.default_rng(0)
    level = FadingLevel(memory=0.99)
    for block in [*chance.normal(size=(50, 32)), *(1e6 + chance.normal(size=(200, 32)))]:
        level.absorb(block)
    assert level.mean == pytest.approx(1e6, rel=1e-3)


def test_numbers_that_are_all_alike_have_no_deviation() -> None:
    level = FadingLevel(memory=0.9998)
    level.absorb(np.full(1_000, 0.1))
    level.absorb(np.full(1_000, 0.1))
    assert (level.mean, level.deviation) == (0.1, 0.0)


def test_sizes_that_grow_a_millionfold_are_followed() -> None:
    chance = np.random.default_rng(0)
    size = FadingSize(2, memory=0.99)
    for block in [*chance.normal(size=(50, 32, 2)), *(1e6 * chance.normal(size=(50, 32, 2)))]:
        size.absorb(block)
    np.testing.assert_allclose(size.now, 1e6, rtol=0.3)

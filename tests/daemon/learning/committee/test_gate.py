"""A gate gives a row to the answer that is right about such rows."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.learning.committee.gate import Gate

WIDTH, ROWS = 4, 32
KEYS = np.zeros(ROWS, dtype=np.int64)


def rows(chance: np.random.Generator, *, about: float) -> np.ndarray:
    return chance.normal(size=(ROWS, WIDTH)) + about


def taught(*, about: float) -> tuple[Gate, np.random.Generator]:
    """A gate whose first answer is right about rows like the newest, and the second about all others."""
    gate, chance = Gate(WIDTH), np.random.default_rng(0)
    likely = np.repeat([0.9, 0.1], ROWS)
    for _ in range(40):
        newest, others = rows(chance, about=about), rows(chance, about=-3)
        if gate.begun:
            gate.learn(np.concatenate([newest, others]), first=likely, second=1 - likely)
        gate.follow(newest, key=KEYS)
    return gate, chance


def test_it_tells_the_newest_rows_from_others() -> None:
    gate, chance = taught(about=0)
    assert gate.shares(rows(chance, about=0)).mean() > 0.9
    assert gate.shares(rows(chance, about=-3)).mean() < 0.1


def test_what_is_new_from_now_on_is_known_by_how_near_it_is() -> None:
    gate, chance = taught(about=0)
    elsewhere = rows(chance, about=3)
    before = gate.shares(elsewhere).mean()
    for _ in range(8):
        gate.follow(rows(chance, about=3), key=KEYS)
    assert gate.shares(elsewhere).mean() > before


def test_it_goes_on_from_its_state() -> None:
    gate, chance = taught(about=0)
    again = Gate(WIDTH)
    again.load_state_dict(gate.state_dict())
    asked = rows(chance, about=1)
    np.testing.assert_allclose(again.shares(asked), gate.shares(asked), rtol=1e-5)
    with pytest.raises(ValueError, match="newest rows"):
        Gate(WIDTH + 1).load_state_dict(gate.state_dict())


def test_rows_that_are_all_alike_break_nothing() -> None:
    gate, alike = Gate(WIDTH), np.zeros((ROWS, WIDTH))
    for _ in range(5):
        gate.follow(alike, key=KEYS)
        gate.learn(alike, first=np.full(ROWS, 1e-30), second=np.ones(ROWS))
    assert np.isfinite(gate.shares(alike)).all()

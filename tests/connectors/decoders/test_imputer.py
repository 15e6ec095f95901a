from __future__ import annotations

import math
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.decoders.imputer import Imputer, MissingPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

CELLS = st.one_of(st.just(math.nan), st.floats(-3e38, 3e38))


def _expected(policy: str, column: list[float]) -> list[float]:
    seen: list[float] = []
    filled = []
    for value in column:
        stand_in = {
            "zero": 0.0,
            "mean": reduce(add, seen, 0.0) / max(len(seen), 1),
            "last": seen[-1] if seen else 0.0,
        }[policy]
        filled.append(stand_in if math.isnan(value) else value)
        seen += [] if math.isnan(value) else [value]
    return filled


@pytest.mark.parametrize("policy", ["zero", "mean", "last"])
@settings(max_examples=50)
@given(column=st.lists(CELLS, min_size=1, max_size=20), rows=st.integers(1, 5))
def test_gaps_are_filled_as_a_plain_loop_would_across_calls_and_restarts(
    policy: MissingPolicy, column: list[float], rows: int
) -> None:
    filled: list[float] = []
    state: Mapping[str, Any] = {}
    for start in range(0, len(column), rows):
        imputer = Imputer(policy)
        imputer.load_state_dict(state)
        filled += imputer.fill(np.array(column[start : start + rows])[:, None])[:, 0].tolist()
        state = imputer.state_dict()
    assert filled == _expected(policy, column)


def test_the_mean_has_the_same_bits_however_a_long_column_is_cut() -> None:
    generator = np.random.Generator(np.random.PCG64(1))
    column = np.where(generator.random(300) < 0.3, np.nan, generator.standard_normal(300))[:, None]
    whole, pieces = Imputer("mean"), Imputer("mean")
    filled = np.vstack([pieces.fill(part) for part in np.array_split(column, 23)])
    assert filled.tobytes() == whole.fill(column).tobytes()

from __future__ import annotations

import math
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.intake.imputer import Imputer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.decoders.value_options import MissingPolicy

CELLS = st.one_of(st.just(math.nan), st.floats(-3e38, 3e38))
KEYS = st.sampled_from([None, b"", b"fridge", b"boiler"])


def _mean(values: Sequence[float]) -> float:
    return reduce(add, values, 0.0) / max(len(values), 1)


def _expected(policy: str, rows: Sequence[tuple[bytes | None, float]]) -> list[float]:
    filled: list[float] = []
    for place, (key, value) in enumerate(rows):
        seen = [(other, was) for other, was in rows[:place] if not math.isnan(was)]
        own = [was for other, was in seen if other == key]
        stand_in = {
            "zero": 0.0,
            "mean": _mean(own or [was for _, was in seen]),
            "last": own[-1] if own else 0.0,
        }[policy]
        filled.append(stand_in if math.isnan(value) else value)
    return filled


@pytest.mark.parametrize("policy", ["zero", "mean", "last"])
@settings(max_examples=50)
@given(rows=st.lists(st.tuples(KEYS, CELLS), min_size=1, max_size=20), size=st.integers(1, 5))
def test_gaps_are_filled_as_a_plain_loop_would_across_calls_and_restarts(
    policy: MissingPolicy, rows: list[tuple[bytes | None, float]], size: int
) -> None:
    filled: list[float] = []
    state: Mapping[str, Any] = {}
    for start in range(0, len(rows), size):
        some = rows[start : start + size]
        imputer = Imputer(policy)
        imputer.load_state_dict(state)
        x = np.array([[value] for _, value in some])
        filled += imputer.fill(x, key=[key for key, _ in some])[:, 0].tolist()
        state = imputer.state_dict()
    assert filled == _expected(policy, rows)


def test_the_key_unseen_for_longest_is_forgotten_where_there_are_too_many() -> None:
    imputer = Imputer("last", max_keys=2)
    x = np.array([[1.0], [2.0], [3.0], [math.nan], [math.nan]])
    assert imputer.fill(x, key=[b"a", b"b", b"c", b"b", b"a"])[:, 0].tolist() == [1.0, 2.0, 3.0, 2.0, 0.0]
    assert imputer.keys.dropped == 2


def test_what_another_policy_remembered_is_not_taken_for_values() -> None:
    means = Imputer("mean")
    means.fill(np.array([[5.0], [7.0]]), key=[None, None])
    last = Imputer("last")
    last.load_state_dict(means.state_dict())
    assert last.fill(np.array([[math.nan]]), key=[None]).tolist() == [[0.0]]

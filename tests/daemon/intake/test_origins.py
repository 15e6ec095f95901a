from __future__ import annotations

import numpy as np
import pytest

from daemon.intake.features.parts import LABEL
from daemon.intake.origins import Origins


def _origin(values: list[float]) -> float:
    origins = Origins(features=True, label=True)
    column = np.array(values)
    origins.choose(["x"], x=column[:, None], label=column)
    [origin, of_label] = origins.of(["x", LABEL]).tolist()
    assert origin == of_label == origins.label
    return float(origin)


@pytest.mark.parametrize(
    "values",
    [
        [0.0, 1.0, 2.0],
        [101_325.0, 101_330.0, 101_320.0],
        [1e5, 2e5, 0.5],
        [1e12, 1.0, 1e-3],
        [2.0**32 - 1] * 5,
        [1e9] * 5,
        [float("nan")] * 3,
        [20_000.0] * 5,
    ],
)
def test_values_that_float32_holds_well_enough_stay_as_they_are(values: list[float]) -> None:
    assert _origin(values) == 0.0


@pytest.mark.parametrize(
    "values",
    [
        [1.76e9 - 40, 1.76e9, 1.76e9 + 40],
        [-1.76e9 - 40, -1.76e9, -1.76e9 + 40],
        [0.0, 1.76e9, 1.76e9 + 40, 1.76e9 - 40, float("nan"), 1.76e9 + 20],
        [1_760_000_017.25] * 5,
        [1.76e18, 1.76e18 + 4e5],
    ],
)
def test_the_others_are_near_their_origin_and_keep_what_they_tell(values: list[float]) -> None:
    near = [value for value in values if abs(value) > 1e9]
    origin = _origin(values)
    assert min(near) <= origin <= max(near)
    back = np.float32(np.array(near) - origin).astype(np.float64) + origin
    assert back.tolist() == near


def test_they_are_chosen_once() -> None:
    origins = Origins(features=True, label=False)
    origins.choose(["x"], x=np.full((3, 1), 1.0), label=np.zeros(3))
    again = Origins(features=True, label=False)
    again.load_state_dict(origins.state_dict())
    again.choose(["x"], x=np.array([[1.76e9], [1.76e9 + 1]]), label=np.zeros(2))
    assert again.of(["x"]).tolist() == [0.0]

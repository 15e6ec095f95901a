from __future__ import annotations

import numpy as np
import orjson
import pytest

from connectors.synthetic.hyperplane import HyperplaneSource
from connectors.synthetic.options import HyperplaneOptions


def _stream(events: int, **options: float) -> tuple[np.ndarray, np.ndarray, list[str]]:
    source = HyperplaneSource(HyperplaneOptions.model_validate({"events": events, "features": 4, **options}))
    source.open(None)
    decoded = [orjson.loads(record.value or b"") for record in source.poll(events, 0.0)]
    x = np.array([[event[f"x{n}"] for n in range(1, 5)] for event in decoded])
    return x - 0.5, np.array([event["label"] for event in decoded]), [event["task"] for event in decoded]


def _accuracy(train: slice, test: slice, x: np.ndarray, y: np.ndarray) -> float:
    weights = np.linalg.lstsq(x[train], 2.0 * y[train] - 1, rcond=None)[0]
    return float(((x[test] @ weights > 0) == y[test]).mean())


def test_a_still_hyperplane_is_linearly_separable_and_stays_so() -> None:
    x, y, _ = _stream(8_000, noise=0)
    assert _accuracy(slice(2_000), slice(6_000, 8_000), x, y) > 0.95


def test_half_a_turn_reverses_every_label() -> None:
    x, y, _ = _stream(8_000, noise=0, turns_per_million=1e6 / 2 / 6_000)
    assert _accuracy(slice(1_000), slice(1_000), x, y) > 0.85
    assert _accuracy(slice(1_000), slice(6_000, 7_000), x, y) < 0.15


@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_noise_is_the_share_of_flipped_labels(noise: float) -> None:
    x, clean, _ = _stream(5_000, noise=0)
    same_x, noisy, _ = _stream(5_000, noise=noise)
    np.testing.assert_array_equal(x, same_x)
    assert (clean != noisy).mean() == pytest.approx(noise, abs=0.02)


def test_concepts_change_abruptly_and_come_back() -> None:
    x, y, tasks = _stream(6_000, noise=0, concepts=2, change_every=2_000)
    assert [tasks[n] for n in (0, 1_999, 2_000, 4_000)] == ["concept_0", "concept_0", "concept_1", "concept_0"]
    returned = _accuracy(slice(2_000), slice(4_000, 6_000), x, y)
    assert returned > 0.95
    assert _accuracy(slice(2_000), slice(2_000, 4_000), x, y) < returned - 0.1

from __future__ import annotations

from collections import Counter

import numpy as np
import orjson
import pytest

from connectors.synthetic.options import REGIMES, PlantOptions
from connectors.synthetic.plant import FAULTS, PlantSource


def _events(**options: object) -> list[dict[str, object]]:
    source = PlantSource(PlantOptions.model_validate(options))
    source.open(None)
    return [orjson.loads(record.value or b"") for record in source.poll(100_000, 0.0)]


def _columns(events: list[dict[str, object]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = np.array([[event[f"s{n}"] for n in range(1, 9)] for event in events], dtype=float)
    return x, np.array([event["fault"] for event in events]), np.array([event["regime"] for event in events])


def test_five_regimes_come_one_after_another_and_two_return() -> None:
    regimes = [str(event["regime"]) for event in _events(events=7_000)]
    runs = [name for n, name in enumerate(regimes) if n == 0 or regimes[n - 1] != name]
    assert runs == [*REGIMES, "base_load", "warm_up"]
    assert Counter(regimes)["warm_up"] == 2_000


def test_all_faults_occur_in_every_regime_and_normal_is_the_most_frequent() -> None:
    events = _events(events=7_000)
    for regime in REGIMES:
        counts = Counter(event["fault"] for event in events if event["regime"] == regime)
        assert set(counts) == set(FAULTS)
        assert counts.most_common(1)[0][0] == "normal"


def test_seeds_give_other_events_and_the_same_seed_the_same() -> None:
    assert _events(events=50, seed=1) == _events(events=50, seed=1) != _events(events=50, seed=2)


def test_a_regimes_rule_holds_there_and_misleads_elsewhere() -> None:
    x, fault, regime = _columns(_events(events=7_000))
    for learned in REGIMES:
        here = regime == learned
        centres = np.stack([x[here & (fault == name)].mean(axis=0) for name in FAULTS])
        spread = x[here].std(axis=0)
        guess = np.array(FAULTS)[(((x[:, None] - centres) / spread) ** 2).sum(axis=2).argmin(axis=1)]
        assert (guess == fault)[here].mean() > 0.95
        assert (guess == fault)[~here].mean() < 0.5


def test_sensors_and_fault_in_the_regime_determine_the_label_almost_surely() -> None:
    x, fault, regime = _columns(_events(events=7_000))
    classes = [(r, f) for r in REGIMES for f in FAULTS]
    centres = np.stack([x[(regime == r) & (fault == f)].mean(axis=0) for r, f in classes])
    nearest = (((x[:, None] - centres) / x.std(axis=0)) ** 2).sum(axis=2).argmin(axis=1)
    assert np.mean([classes[n][1] == f for n, f in zip(nearest, fault, strict=True)]) > 0.93


@pytest.mark.parametrize("regimes", [("night",), ("night", "warm_up", "night")])
def test_the_order_of_regimes_can_be_chosen(regimes: tuple[str, ...]) -> None:
    seen = [event["regime"] for event in _events(events=30, regimes=regimes)]
    assert tuple(seen[:: 30 // len(regimes)]) == regimes

"""What each method keeps of a task when a contradicting one follows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from strategies import MODELS, OPTIMIZERS, STRATEGIES
from strategies.batch import Batch
from strategies.learner import Learner
from strategies.network import network_of
from strategies.objective import Classification
from strategies.strategy import Setting

FEATURES, ROWS, BATCH = 6, 2000, 16
SGD, ADAM = {"type": "sgd", "lr": 0.1}, {"type": "adam", "lr": 0.01}
REPLAY: dict[str, dict[str, Any]] = {"replay": {"rows": 200}}
EWC: dict[str, dict[str, Any]] = {"ewc": {"strength": 100, "every_events": None}}
BOTH: dict[str, dict[str, Any]] = REPLAY | {"ewc": {"strength": 10}}

# method, optimizer, bounds of the first task's final accuracy, least final accuracy of the second
TABLE = [
    pytest.param({}, SGD, (0.0, 0.6), 0.95, id="naive-sgd"),
    pytest.param({}, ADAM, (0.0, 0.3), 0.95, id="naive-adam"),
    pytest.param(REPLAY, SGD, (0.9, 1.0), 0.95, id="replay-sgd"),
    pytest.param(REPLAY, ADAM, (0.9, 1.0), 0.95, id="replay-adam"),
    pytest.param(EWC, SGD, (0.85, 1.0), 0.9, id="ewc-sgd"),
    pytest.param(EWC, ADAM, (0.9, 1.0), 0.9, id="ewc-adam"),
    pytest.param(BOTH, SGD, (0.92, 1.0), 0.94, id="replay-ewc-sgd"),
    pytest.param(BOTH, ADAM, (0.92, 1.0), 0.94, id="replay-ewc-adam"),
]


def task(number: int, *, rows: int, seed: int) -> Batch:
    """Which side of a plane a row is on, and in the second task the other way round; the last feature tells."""
    rng = np.random.default_rng([seed, number])
    x = torch.from_numpy(rng.standard_normal((rows, FEATURES)).astype(np.float32))
    x[:, -1] = 2 * number - 1
    side = (x[:, 0] + x[:, 1] / 2 > 0).long()
    return Batch(
        x=x,
        y=1 - side if number else side,
        task=torch.full((rows,), number),
        provenance=torch.full((rows, 4), -1),
    )


def learner_of(strategies: dict[str, dict[str, Any]], optimizer: dict[str, Any], *, seed: int) -> Learner:
    torch.manual_seed(seed)
    module: Any = MODELS["mlp"].load()
    network = network_of(module(module.Options(hidden=(32,)), features=FEATURES, outputs=2))
    mover = OPTIMIZERS[optimizer["type"]].load()
    setting = {"features": FEATURES, "outputs": 2, "classification": True, "batch_rows": BATCH}
    return Learner(
        network,
        objective=Classification(2),
        optimizer=mover(mover.Options(**optimizer), parameters=len(network.parameters)),
        strategies=[
            (
                name,
                STRATEGIES[name].load()(
                    STRATEGIES[name].Options(**options),
                    setting=Setting(**setting, generator=np.random.default_rng([seed, number])),
                ),
            )
            for number, (name, options) in enumerate(strategies.items())
        ],
    )


def accuracy(learner: Learner, number: int) -> float:
    probe = task(number, rows=1000, seed=99)
    return (learner.predict(probe.x).argmax(1) == probe.y).float().mean().item()


def final_accuracies(
    strategies: dict[str, dict[str, Any]], optimizer: dict[str, Any], *, seed: int
) -> tuple[float, float]:
    learner = learner_of(strategies, optimizer, seed=seed)
    for number in (0, 1):
        stream = task(number, rows=ROWS, seed=seed)
        for start in range(0, ROWS, BATCH):
            learner.learn(stream[start : start + BATCH])
        assert accuracy(learner, number) > 0.9, "each task was learned when its turn came"
        learner.consolidate(number)
    return accuracy(learner, 0), accuracy(learner, 1)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(("strategies", "optimizer", "first", "second"), TABLE)
def test_the_first_task_is_kept_as_well_as_the_method_promises(
    strategies: dict[str, dict[str, Any]],
    optimizer: dict[str, Any],
    first: tuple[float, float],
    second: float,
    seed: int,
) -> None:
    kept, learned = final_accuracies(strategies, optimizer, seed=seed)
    assert first[0] <= kept <= first[1]
    assert learned >= second

"""Small learners and batches for the tests of the learning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from strategies import MODELS, OPTIMIZERS, STRATEGIES
from strategies.adapters import ADAPTERS
from strategies.adapters.adapter import Ground
from strategies.batch import Batch
from strategies.learner import Learner
from strategies.network import network_of
from strategies.objective import Classification, Objective, Regression
from strategies.scaler import OnlineScaler
from strategies.storage import RowStorage
from strategies.strategy import Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FEATURES, CLASSES, ROWS, TASKS = 6, 4, 8, 4


def rows_of_before(rows: int = 24, *, classification: bool = True) -> RowStorage:
    """Random rows from before the stream."""
    storage = RowStorage(rows, features=FEATURES, classification=classification)
    x = torch.from_numpy(np.random.default_rng(7).standard_normal((rows, FEATURES)).astype(np.float32))
    y = torch.arange(rows) % CLASSES if classification else x.sum(1)
    batch = Batch(x, y, torch.full((rows,), -1), provenance=torch.full((rows, 4), -1))
    storage.write(np.arange(rows), batch, np.arange(rows))
    return storage


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def batch_of() -> Callable[..., Batch]:
    """Return a maker of random batches; the same seed makes the same rows."""

    def make(seed: int, rows: int = ROWS, *, regression: bool = False, task: int = 0) -> Batch:
        rng = np.random.default_rng(seed)
        x = torch.from_numpy(rng.standard_normal((rows, FEATURES)).astype(np.float32))
        y = torch.from_numpy(rng.integers(0, CLASSES, rows))
        provenance = torch.from_numpy(
            np.stack(
                [np.full(rows, -1), np.zeros(rows), seed * 1000 + np.arange(rows), np.full(rows, -1)], 1
            ).astype(np.int64)
        )
        target = x.sum(1) if regression else y
        return Batch(x=x, y=target, task=torch.full((rows,), task), provenance=provenance)

    return make


@pytest.fixture
def learner_with() -> Callable[..., Learner]:
    """Return a maker of small learners by names of the tables."""

    def make(
        strategies: dict[str, dict[str, Any]] | None = None,
        *,
        model: dict[str, Any] | None = None,
        adapters: dict[str, dict[str, Any]] | None = None,
        optimizer: dict[str, Any] | None = None,
        regression: bool = False,
        classes: int = CLASSES,
        seed: int = 0,
        scale: bool = True,
        averaging: float | None = None,
        clip_norm: float | None = None,
    ) -> Learner:
        objective: Objective = Regression(standardise=True) if regression else Classification(classes)
        model = model or {"type": "mlp", "hidden": [10, 10]}
        optimizer = optimizer or {"type": "sgd", "lr": 0.1}
        torch.manual_seed(seed)
        kind: Any = MODELS[model["type"]].load()
        module = kind(kind.Options(**model), features=FEATURES, outputs=objective.outputs)
        for name, options in (adapters or {}).items():
            change = ADAPTERS[name].load()
            module = change(change.Options(**options), ground=Ground(tasks=TASKS)).adapt(module)
        network = network_of(module)
        mover = OPTIMIZERS[optimizer["type"]].load()
        chosen = []
        for name, options in (strategies or {}).items():
            method = STRATEGIES[name].load()
            setting = Setting(
                features=FEATURES,
                outputs=objective.outputs,
                classification=objective.classification,
                batch_rows=ROWS,
                generator=np.random.default_rng([seed, len(chosen)]),
                reference=rows_of_before(classification=objective.classification),
            )
            chosen.append((name, method(method.Options(**options), setting=setting)))
        return Learner(
            network,
            objective=objective,
            optimizer=mover(mover.Options(**optimizer), parameters=len(network.parameters)),
            strategies=chosen,
            scaler=OnlineScaler(FEATURES) if scale else None,
            averaging=averaging,
            clip_norm=clip_norm,
        )

    return make

"""Learners of CapyMOA (Gomes et al. 2025), where it is installed: it needs Java."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from benchmarks.arena.reference import Guess

if TYPE_CHECKING:
    from benchmarks.arena.reference import Row
    from benchmarks.arena.table import Table

TREES = 10
BUFFER_ROWS = 500
BATCH_ROWS = 32
"""Of the examples in its documentation."""


class CapyMoaForest:
    """MOA's adaptive random forest, ten trees (Gomes et al. 2017, 2018), with CapyMOA's own defaults."""

    def __init__(self, table: Table, *, seed: int) -> None:
        self._instance = import_module("capymoa.core")
        self._classification = bool(table.classes)
        self._schema = _schema(table)
        made = import_module("capymoa.classifier" if table.classes else "capymoa.regressor")
        forest = made.AdaptiveRandomForestClassifier if table.classes else made.AdaptiveRandomForestRegressor
        self._model: Any = forest(schema=self._schema, ensemble_size=TREES, random_seed=seed)

    def guess(self, row: Row, *, key: int) -> Guess:
        """Predict; the votes count as probabilities."""
        instance = self._instance.Instance.from_array(self._schema, _array(row))
        if not self._classification:
            return Guess(self._model.predict(instance))
        votes = self._model.predict_proba(instance)
        shares = {} if votes is None else dict(enumerate(np.nan_to_num(votes).tolist()))
        if not any(shares.values()):
            return Guess(None, {})
        return Guess(max(shares, key=lambda code: shares[code]), shares)

    def learn(self, row: Row, label: float, *, key: int) -> None:
        """Learn."""
        kind = self._instance.LabeledInstance if self._classification else self._instance.RegressionInstance
        self._model.train(kind.from_array(self._schema, _array(row), label))


class CapyMoaReplay:
    """Online experience replay around its perceptron (Rolnick et al. 2019), trained 32 rows at a time.

    A row is predicted by the weights of the last full batch, and learned when its own is full: so do CapyMOA's
    examples. Inputs are standardised by river's running scale, as for the other references that need it.
    ``capymoa.ocl`` does not load without torchvision.
    """

    def __init__(self, table: Table, *, seed: int) -> None:
        assert table.classes, "it classifies"
        schema = _schema(table)
        perceptron = import_module("capymoa.core.torch.ann").Perceptron
        plain = import_module("capymoa.classifier").Finetune(schema, perceptron, random_seed=seed)
        replay = import_module("capymoa.ocl.strategy").ExperienceReplay
        self._model: Any = replay(plain, buffer_size=BUFFER_ROWS)
        self._scaler: Any = import_module("river.preprocessing").StandardScaler()
        self._rows: list[list[float]] = []
        self._labels: list[int] = []

    def guess(self, row: Row, *, key: int) -> Guess:
        """Predict the likeliest class."""
        probabilities = self._model.batch_predict_proba(torch.tensor([self._scaled(row)]))[0]
        return Guess(int(probabilities.argmax()), dict(enumerate(probabilities.tolist())))

    def learn(self, row: Row, label: float, *, key: int) -> None:
        """Take the row into the scale, and learn when there are enough."""
        self._scaler.learn_one(row)
        self._rows.append(self._scaled(row))
        self._labels.append(int(label))
        if len(self._rows) == BATCH_ROWS:
            self._model.batch_train(torch.tensor(self._rows), torch.tensor(self._labels))
            self._rows, self._labels = [], []

    def _scaled(self, row: Row) -> list[float]:
        return list(self._scaler.transform_one(row).values())


def _schema(table: Table) -> Any:
    return import_module("capymoa.stream").Schema.from_custom(
        features=[*table.names, "label"],
        target="label",
        categories={"label": list(table.classes)} if table.classes else None,
        name="arena",
    )


def _array(row: Row) -> Any:
    return np.fromiter(row.values(), dtype=np.float64, count=len(row))

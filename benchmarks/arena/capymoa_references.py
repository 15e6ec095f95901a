"""MOA's adaptive random forest through CapyMOA (Gomes et al. 2025), where it is installed: it needs Java."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.arena.reference import Guess

if TYPE_CHECKING:
    from benchmarks.arena.reference import Row
    from benchmarks.arena.table import Table

TREES = 10


class CapyMoaForest:
    """Ten trees with drift detection (Gomes et al. 2017, 2018), with CapyMOA's own defaults."""

    def __init__(self, table: Table, *, seed: int) -> None:
        stream, self._instance = import_module("capymoa.stream"), import_module("capymoa.core")
        self._classification = bool(table.classes)
        self._schema: Any = stream.Schema.from_custom(
            features=[*table.names, "label"],
            target="label",
            categories={"label": list(table.classes)} if table.classes else None,
            name="arena",
        )
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


def _array(row: Row) -> Any:
    return np.fromiter(row.values(), dtype=np.float64, count=len(row))

"""Models of river (Montiel et al. 2021) with its own defaults, row by row as they are meant to be used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from benchmarks.arena.reference import Guess

if TYPE_CHECKING:
    from benchmarks.arena.reference import Row
    from benchmarks.arena.table import Table

TREES = 10


class River:
    """A classifier of river, or a regressor whose target it scales."""

    def __init__(self, table: Table, *, seed: int) -> None:
        self._classification = bool(table.classes)
        self._model: Any = self.classifier(seed) if self._classification else _scaled(self.regressor(seed))

    def classifier(self, seed: int) -> Any:
        """Return river's classifier."""
        raise NotImplementedError

    def regressor(self, seed: int) -> Any:
        """Return river's regressor, for features and a target that are scaled."""
        raise NotImplementedError

    def guess(self, row: Row, *, key: int) -> Guess:
        """Predict; river chooses the class with the highest probability."""
        if not self._classification:
            return Guess(self._model.predict_one(row))
        probabilities = self._model.predict_proba_one(row)
        return Guess(max(probabilities, key=probabilities.get) if probabilities else None, probabilities)

    def learn(self, row: Row, label: float, *, key: int) -> None:
        """Learn."""
        self._model.learn_one(row, label)


class Linear(River):
    """Logistic regression, one against the rest, or linear regression; on standardised features."""

    def classifier(self, seed: int) -> Any:
        """Return the pipeline, in which nothing is drawn."""
        one = import_module("river.linear_model").LogisticRegression()
        return _scaler() | import_module("river.multiclass").OneVsRestClassifier(one)

    def regressor(self, seed: int) -> Any:
        """Return the model, in which nothing is drawn."""
        return import_module("river.linear_model").LinearRegression()


class HoeffdingTree(River):
    """A tree that splits when it is sure enough (Domingos and Hulten 2000)."""

    def classifier(self, seed: int) -> Any:
        """Return the tree, in which nothing is drawn."""
        return import_module("river.tree").HoeffdingTreeClassifier()

    def regressor(self, seed: int) -> Any:
        """Return the tree, in which nothing is drawn."""
        return import_module("river.tree").HoeffdingTreeRegressor()


class AdaptiveRandomForest(River):
    """Ten such trees with drift detection (Gomes et al. 2017, 2018)."""

    def classifier(self, seed: int) -> Any:
        """Return the forest."""
        return import_module("river.forest").ARFClassifier(n_models=TREES, seed=seed)

    def regressor(self, seed: int) -> Any:
        """Return the forest."""
        return import_module("river.forest").ARFRegressor(n_models=TREES, seed=seed)


def _scaler() -> Any:
    return import_module("river.preprocessing").StandardScaler()


def _scaled(regressor: Any) -> Any:
    """Return the regressor on standardised features and a standardised target: river's diverge without."""
    return _scaler() | import_module("river.preprocessing").TargetStandardScaler(regressor=regressor)

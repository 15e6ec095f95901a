"""Other people's learners, and the upper bound, on the rows that our own learner would get."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch

from daemon.build.learner import build_learner
from strategies.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from daemon.config.schema import Config

UNKNOWN = -1
"""The class that is predicted before any is known; it is never right."""


class Peer:
    """A classifier that takes the place of our learner."""

    predicts_on_arrival: ClassVar[bool] = True
    """Whether its predictions before learning mean anything."""

    def __init__(self, config: Config, *, names: Sequence[str]) -> None:
        """``names`` are those of a row's columns."""

    def answer(self, x: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return the class of each row ``(rows, features)``."""
        raise NotImplementedError

    def learn(self, batch: Batch) -> None:
        """Learn some rows, in their order."""
        raise NotImplementedError

    def finish(self) -> None:
        """Do what there is to do once the stream is over."""


class River(Peer):
    """A model of river (Montiel et al. 2021), row by row as it is meant to be used.

    River is imported only for it, because it brings pandas and scipy along.
    """

    def __init__(self, config: Config, *, names: Sequence[str]) -> None:
        super().__init__(config, names=names)
        self._names = names
        self._model = self.model(config)

    @staticmethod
    def model(config: Config) -> Any:
        """Return river's model, with the seed of the configuration."""
        raise NotImplementedError

    def answer(self, x: NDArray[np.float32]) -> NDArray[np.int64]:
        """Predict row by row."""
        answers = [self._model.predict_one(self._as_dict(row)) for row in x]
        return np.array([UNKNOWN if answer is None else answer for answer in answers], dtype=np.int64)

    def learn(self, batch: Batch) -> None:
        """Learn row by row."""
        for row, label in zip(batch.x.numpy(), batch.y.tolist(), strict=True):
            self._model.learn_one(self._as_dict(row), label)

    def _as_dict(self, row: NDArray[np.float32]) -> dict[str, float]:
        return dict(zip(self._names, row.tolist(), strict=True))


class AdaptiveRandomForest(River):
    """Ten Hoeffding trees with drift detection (Gomes et al. 2017), as river has them by default."""

    @staticmethod
    def model(config: Config) -> Any:
        """Return the forest."""
        return import_module("river.forest").ARFClassifier(n_models=10, seed=config.seed)


class LogisticRegression(River):
    """Logistic regression on standardised features, one against the rest, as river has it by default."""

    @staticmethod
    def model(config: Config) -> Any:
        """Return the pipeline, in which nothing is drawn."""
        del config
        scale = import_module("river.preprocessing").StandardScaler()
        one = import_module("river.linear_model").LogisticRegression()
        return scale | import_module("river.multiclass").OneVsRestClassifier(one)


class Joint(Peer):
    """Our own model and optimizer, trained on all rows together, again and again: what no stream allows.

    It learns nothing before the end.
    """

    predicts_on_arrival = False
    epochs = 15

    def __init__(self, config: Config, *, names: Sequence[str]) -> None:
        super().__init__(config, names=names)
        self._learner = build_learner(config, features=len(names))
        self._rows = config.learner.batch
        self._generator = np.random.default_rng(config.seed)
        self._kept: list[Batch] = []

    def answer(self, x: NDArray[np.float32]) -> NDArray[np.int64]:
        """Predict all rows at once."""
        outputs = self._learner.predict(torch.from_numpy(x))
        answers: NDArray[np.int64] = self._learner.objective.answer(outputs).value.numpy()
        return answers

    def learn(self, batch: Batch) -> None:
        """Keep the rows for the end."""
        self._learner.absorb(batch.x)
        self._kept.append(batch)

    def finish(self) -> None:
        """Train for fifteen epochs, each in an order of its own."""
        every = Batch.concatenate(self._kept)
        for _ in range(self.epochs):
            order = self._generator.permutation(len(every))
            for start in range(0, len(order), self._rows):
                self._learner.learn(every.take(order[start : start + self._rows]))


PEERS: dict[str, Callable[..., Peer]] = {
    "arf": AdaptiveRandomForest,
    "logistic": LogisticRegression,
    "joint": Joint,
}
"""Name in a setting → the learner."""

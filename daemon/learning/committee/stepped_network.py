"""A network that makes several steps on each block while the stream is young."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from daemon.learning import young
from strategies.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.torch_generator import TorchGenerator
    from strategies.any_learner import AnyLearner
    from strategies.served import Predictor


_LARGE_BATCH = 32
"""On micro-batches that are no larger, two steps are made."""
_EVERY_EVENTS = 512
"""On larger ones one step, and at most one in so many events; on as many rows as a small one has."""


class SteppedNetwork:
    """Learns blocks, each with as many steps as are due: many while the stream is young, few on large blocks.

    Whoever chooses large micro-batches wants speed; there a step costs as much as everything else together. The
    ``turn`` is a number of events by which the steps of several networks are apart.
    """

    def __init__(self, learner: AnyLearner, *, generator: TorchGenerator, batch: int, turn: int = 0) -> None:
        self._learner = learner
        self._generator = generator
        self._batch = batch
        self._turn = turn
        self._seen = 0

    def __deepcopy__(self, memo: dict[int, Any]) -> ServedNetwork:
        """Return what a copy is for: to be asked while this one goes on."""
        return ServedNetwork(self._learner.served_copy())

    def outputs(self, x: Tensor) -> Tensor:
        """Return the outputs ``(rows, outputs) float32`` for rows ``(rows, width)``; to predict draws nothing."""
        return self._learner.predict_scaled(x)

    def learn(self, x: Tensor, y: Tensor, *, fresh: NDArray[np.int64]) -> None:
        """Make the steps that are due on the rows numbered ``fresh``; ``y`` is ``(rows of the block,)``."""
        steps = young.steps(self._seen, rows=len(fresh), later=self._later_steps(len(y)))
        if len(fresh) and steps:
            rows = torch.from_numpy(fresh[:: max(1, len(fresh) // _LARGE_BATCH)])
            batch = Batch(
                x=x[rows],
                y=y[rows],
                task=torch.zeros(len(rows), dtype=torch.int64),
                provenance=torch.zeros(len(rows), 4, dtype=torch.int64),
            )
            with self._generator.in_use():
                accepted = False
                for _ in range(steps):
                    accepted = self._learner.learn(batch, again=accepted).accepted or accepted
        self._seen += len(y)

    def state_dict(self) -> dict[str, Any]:
        """Return the learner."""
        with self._generator.in_use():
            return {"learner": self._learner.state_dict(), "seen": self._seen}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a learner."""
        with self._generator.in_use():
            self._learner.load_state_dict(state["learner"])
        self._seen = state["seen"]

    def _later_steps(self, rows: int) -> int:
        """Return the steps that are due on so many rows, once the stream is grown up."""
        if self._batch <= _LARGE_BATCH:
            return 2
        before = self._seen + self._turn
        return int((before + rows) // _EVERY_EVENTS > before // _EVERY_EVENTS)


class ServedNetwork:
    """The network as it was when it was copied; it learns nothing, and touches no generator."""

    def __init__(self, model: Predictor) -> None:
        self._model = model

    def outputs(self, x: Tensor) -> Tensor:
        """Return the outputs ``(rows, outputs) float32`` for rows ``(rows, width)``."""
        return self._model.predict_scaled(x)

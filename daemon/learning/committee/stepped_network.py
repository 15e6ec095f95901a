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


_MOST_ROWS = 32


class SteppedNetwork:
    """Learns blocks, each with as many steps as are due: more at first, then ``later_steps``.

    Of a large block, some rows spread over it are enough: what a network costs is bounded.
    """

    def __init__(self, learner: AnyLearner, *, generator: TorchGenerator, later_steps: int) -> None:
        self._learner = learner
        self._generator = generator
        self._later_steps = later_steps
        self._seen = 0

    def outputs(self, x: Tensor) -> Tensor:
        """Return the outputs ``(rows, outputs) float32`` for rows ``(rows, width)``."""
        with self._generator.in_use():
            return self._learner.predict_scaled(x)

    def learn(self, x: Tensor, y: Tensor, *, fresh: NDArray[np.int64]) -> None:
        """Make the steps that are due on the rows numbered ``fresh``; ``y`` is ``(rows of the block,)``."""
        if len(fresh):
            fresh = fresh[:: max(1, len(fresh) // _MOST_ROWS)]
            rows = torch.from_numpy(fresh)
            batch = Batch(
                x=x[rows],
                y=y[rows],
                task=torch.zeros(len(fresh), dtype=torch.int64),
                provenance=torch.zeros(len(fresh), 4, dtype=torch.int64),
            )
            with self._generator.in_use():
                accepted = False
                for _ in range(young.steps(self._seen, rows=len(fresh), later=self._later_steps)):
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

"""How good a model still is at what it was good at before the stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.scoring.scores import accuracy, r2_clipped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strategies.any_learner import AnyLearner
    from strategies.storage import RowStorage

# Rows predicted at once: a convolution's activations take a thousand times the memory of its rows.
_AT_ONCE = 1_000


class ReferenceScore:
    """Scores a learner on rows from before the stream, which it never learns.

    The first score is taken here and now, of the model that has learned nothing of the stream yet; where it was
    pre-trained, what is lost since is the difference.
    """

    def __init__(self, learner: AnyLearner, *, probes: RowStorage) -> None:
        self._learner = learner
        self._probes = probes
        self.initial = self._score()
        """Of the model before the stream; None where it is undefined."""
        self.now = self.initial
        """As of the latest evaluation."""

    @property
    def samples(self) -> int:
        """Rows behind the score."""
        return self._probes.capacity

    def evaluate(self) -> None:
        """Score the learner as it is now."""
        self.now = self._score()

    def state_dict(self) -> dict[str, Any]:
        """Return both scores; the rows are kept with the reference."""
        return {"initial": self.initial, "now": self.now}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up both scores."""
        self.initial, self.now = state["initial"], state["now"]

    def _score(self) -> float | None:
        if not self.samples:
            return None
        learner, labels, answers = self._learner, [], []
        for start in range(0, self.samples, _AT_ONCE):
            rows = self._probes.examples(np.arange(start, min(start + _AT_ONCE, self.samples)))
            answers.append(learner.objective.answer(learner.predict(rows.x, rows.task)).value)
            labels.append(rows.y)
        answer, label = torch.cat(answers).numpy(), torch.cat(labels).numpy()
        return accuracy(answer, label) if learner.objective.classification else r2_clipped(answer, label)

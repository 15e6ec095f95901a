"""Answers on rows that are no events: what would be said of each if it came next."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from daemon.learning.certainty import certainty
from strategies.batch import Batch, provenance_table
from strategies.provenance import UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from daemon.learning.committee.scored_committee import Committee
    from strategies.objective import Answer
    from strategies.served import Predictor


@dataclass(frozen=True, slots=True)
class RowPredictor:
    """Whoever answers, the main learner alone or the committee, with all that was learned by now.

    A live view until it is ``copied``. For the first 512 events an event is scaled by a scale that has seen it, and
    an asked row by one that has not; apart from that, and from rounding, both are answered alike.
    """

    model: Predictor
    committee: Committee | None
    known_classes: int
    """Known before the open block: those that the main learner can say."""
    sayable_classes: int
    """Known to whoever answers."""
    labels: int
    """Labels that whoever answers has seen."""

    def copied(self) -> RowPredictor:
        """Return one that stays as this is now, while events go on to come."""
        return replace(self, committee=deepcopy(self.committee))

    @torch.no_grad()
    def answer(self, x: NDArray[np.float32], *, key: NDArray[np.int64], task: NDArray[np.int64]) -> Answer:
        """Return what is said of rows ``(rows, features)`` as they arrive; ``key`` and ``task`` are ``(rows,)``."""
        batch = _batch(x, key=key, task=task)
        scaled = self.model.scale(batch.x)
        outputs = self.model.predict_scaled(scaled, batch.task)
        main = self.model.objective.answer(outputs, known=self.known_classes)
        if self.committee is None:
            return main
        return self.committee.answer_next(batch, scaled, main, known_classes=self.known_classes)

    def confidence(self, answer: Answer) -> list[float | None]:
        """Return how sure the answers are; see ``certainty``."""
        rows = len(answer.value)
        known, labels = np.full(rows, self.sayable_classes), np.full(rows, self.labels)
        return certainty(answer, known=known, labels=labels)


def _batch(x: NDArray[np.float32], *, key: NDArray[np.int64], task: NDArray[np.int64]) -> Batch:
    """Return rows as a batch; its labels mean nothing."""
    nowhere = np.full(len(x), UNKNOWN)
    return Batch(
        x=torch.from_numpy(x),
        y=torch.zeros(len(x)),
        task=torch.from_numpy(task),
        provenance=provenance_table(key=key, partition=nowhere, offset=nowhere, time_ms=nowhere),
    )

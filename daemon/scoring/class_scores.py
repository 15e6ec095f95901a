"""How good predictions are class by class: where one is rare, accuracy says little of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

ROWS, PREDICTED, CORRECT = range(3)


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class; None where undefined, never 0."""

    rows: int
    """Events of it."""
    predicted: int
    """Events that were said to be of it."""
    correct: int
    """Those of which both is true."""

    @property
    def recall(self) -> float | None:
        """Share of its events that were found."""
        return self.correct / self.rows if self.rows else None

    @property
    def precision(self) -> float | None:
        """Share of what was said to be of it that is."""
        return self.correct / self.predicted if self.predicted else None


def balanced_accuracy(scores: Iterable[ClassScore]) -> float | None:
    """Return the mean recall of the classes that have come (Brodersen et al. 2010); None before the first.

    >>> balanced_accuracy([ClassScore(98, predicted=100, correct=98), ClassScore(2, predicted=0, correct=0)])
    0.5
    """
    recalls = [each.recall for each in scores if each.recall is not None]
    return sum(recalls) / len(recalls) if recalls else None


class ClassScores:
    """Counts what was said on arrival, by class. Memory: three whole numbers a class; none in regression."""

    def __init__(self, classes: int) -> None:
        self._counts = np.zeros((classes, 3), dtype=np.int64)

    def update(self, prediction: NDArray[Any], *, label: NDArray[Any]) -> None:
        """Count predictions ``(rows,)`` and their labels, as class indices; one below 0 is none."""
        classes = len(self._counts)
        if not classes:
            return
        said = prediction[prediction >= 0]
        self._counts[:, ROWS] += np.bincount(label, minlength=classes)
        self._counts[:, PREDICTED] += np.bincount(said, minlength=classes)
        self._counts[:, CORRECT] += np.bincount(label[prediction == label], minlength=classes)

    def of_each(self) -> dict[int, ClassScore]:
        """Return the score of every class that has come, or was predicted, by its index."""
        seen = np.flatnonzero(self._counts.any(axis=1)).tolist()
        counts = {index: self._counts[index].tolist() for index in seen}
        return {
            index: ClassScore(rows=of[ROWS], predicted=of[PREDICTED], correct=of[CORRECT])
            for index, of in counts.items()
        }

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of the counts."""
        return {"counts": self._counts.copy()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; one that has no counts yet begins at 0."""
        counts = np.asarray(state["counts"])
        self._counts[:] = 0
        self._counts[: len(counts)] = counts[: len(self._counts)]

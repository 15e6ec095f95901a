"""What was said of the rows of a probe set, row by row, so that two models are compared on the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from daemon.scoring.scores import accuracy, r2_clipped
from daemon.scoring.standard_error import error_of_accuracy, error_of_r2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class AnsweredRows:
    """Answers on the rows of a probe set; all ``(rows,)``."""

    numbers: NDArray[np.int64]
    """Which rows they are: see ``ProbeSets.numbers_of``."""
    answers: NDArray[Any]
    """int64 classes, or float32 numbers."""
    labels: NDArray[Any]

    @property
    def score(self) -> float | None:
        """Accuracy, or R² in [-1, 1]; None where it is undefined."""
        return (accuracy if self._of_classes else r2_clipped)(self.answers, self.labels)

    @property
    def standard_error(self) -> float | None:
        """Of the score, for rows drawn by chance; None where it is undefined."""
        return (error_of_accuracy if self._of_classes else error_of_r2)(self.answers, self.labels)

    @property
    def _of_classes(self) -> bool:
        return bool(np.issubdtype(self.labels.dtype, np.integer))

    def take(self, rows: NDArray[np.int64]) -> AnsweredRows:
        """Return those of the rows."""
        return AnsweredRows(self.numbers[rows], answers=self.answers[rows], labels=self.labels[rows])

    def with_others(self, others: AnsweredRows) -> AnsweredRows:
        """Return these rows and others."""
        pairs = ((self.answers, others.answers), (self.labels, others.labels))
        answers, labels = map(np.concatenate, pairs)
        return AnsweredRows(np.concatenate([self.numbers, others.numbers]), answers=answers, labels=labels)

    def in_both(self, others: AnsweredRows) -> tuple[AnsweredRows, AnsweredRows]:
        """Return those rows that others are too, and what was said of them there, in the same order."""
        _, mine, theirs = np.intersect1d(self.numbers, others.numbers, assume_unique=True, return_indices=True)
        return self.take(mine), others.take(theirs)

    def state_dict(self) -> dict[str, Any]:
        """Return the three columns."""
        return {"numbers": self.numbers, "answers": self.answers, "labels": self.labels}

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """Return the rows that ``state_dict`` told of."""
        return cls(**{name: np.array(state[name]) for name in ("numbers", "answers", "labels")})

"""How good a learner is at one moment, by all that is measured of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.scoring.evaluation import Evaluation
    from daemon.scoring.figures import Figures
    from daemon.scoring.prequential import Prequential
    from daemon.scoring.prequential_score import PrequentialScore
    from daemon.scoring.reference_score import ReferenceScore
    from daemon.scoring.retention import RetentionMatrix

SUMMARY = (
    "average_score",
    "backward_transfer",
    "forward_transfer",
    "forgetting",
    "learning_accuracy",
    "min_acc",
    "wc_acc",
)
"""The fields of ``Figures`` that sum up all tasks."""


@dataclass(frozen=True, slots=True)
class ReferenceScores:
    """The scores on rows from before the stream; None where undefined."""

    now: float | None
    initial: float | None
    samples: int


@dataclass(frozen=True, slots=True)
class LearnerScores:
    """The scores of one learner."""

    total: PrequentialScore
    window: PrequentialScore
    of_task: Mapping[str, PrequentialScore]
    """By the name of the task; those with any prediction."""
    figures: Figures
    boundaries: tuple[Evaluation, ...]
    """The rows of R that are kept, oldest first."""
    recent: tuple[Evaluation, ...]
    """The evaluations that this process has made last, at boundaries or not, oldest first."""
    latest: Evaluation | None
    """At a boundary or not; None before the first."""
    max_tasks: int
    """Width of an evaluation."""
    reference: ReferenceScores | None
    """None where there are no rows from before the stream."""

    @classmethod
    def of(
        cls,
        matrix: RetentionMatrix,
        prequential: Prequential,
        names: Mapping[int, str],
        *,
        reference: ReferenceScore | None = None,
    ) -> Self:
        """Return the scores as of now; ``names`` are those of all tasks, by code."""
        of_task = {name: prequential.of_task(task) for task, name in names.items()}
        return cls(
            total=prequential.total(),
            window=prequential.windowed(),
            of_task={name: score for name, score in of_task.items() if score.rows},
            figures=matrix.figures(),
            boundaries=matrix.table(),
            recent=matrix.recent(),
            latest=matrix.latest(),
            max_tasks=matrix.width,
            reference=None
            if reference is None
            else ReferenceScores(reference.now, initial=reference.initial, samples=reference.samples),
        )

    @property
    def summary(self) -> dict[str, float | None]:
        """The figures that sum up all tasks."""
        return {key: getattr(self.figures, key) for key in SUMMARY}

    def matrix(self, names: Mapping[int, str]) -> dict[int, dict[str, float]]:
        """Return R by boundary and task name, undefined scores left out."""
        return {
            row.boundary: {
                name: float(row.scores[task]) for task, name in names.items() if not np.isnan(row.scores[task])
            }
            for row in self.boundaries
        }

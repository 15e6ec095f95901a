"""How a learner stands at one moment: computed once, for all who tell of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.scoring.evaluation import Evaluation
    from daemon.scoring.evaluator import Examiner
    from daemon.scoring.figures import Figures
    from daemon.scoring.prequential import Prequential
    from daemon.scoring.prequential_score import PrequentialScore
    from strategies.learner import Learner

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


class Marked(Protocol):
    """A learner with its scores: the main one, or one beside it."""

    learner: Learner
    examiner: Examiner
    prequential: Prequential

    @property
    def learning_rate(self) -> float | None:
        """The learning rate in the step to come; None where there is none."""

    @property
    def steps_left(self) -> int | None:
        """Steps that may be made until the next boundary; None where they are not limited."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The scores of one learner."""

    total: PrequentialScore
    window: PrequentialScore
    of_task: Mapping[str, PrequentialScore]
    """By the name of the task; those with any prediction."""
    figures: Figures
    gauges: Mapping[str, Mapping[str, float]]
    """What each strategy tells of itself."""

    @classmethod
    def of(cls, learner: Marked, names: Mapping[int, str]) -> Marks:
        """Return the marks as of now; ``names`` are those of all tasks."""
        of_task = {name: learner.prequential.of_task(task) for task, name in names.items()}
        return cls(
            total=learner.prequential.total(),
            window=learner.prequential.windowed(),
            of_task={name: score for name, score in of_task.items() if score.rows},
            figures=learner.examiner.figures(),
            gauges={name: dict(strategy.gauges()) for name, strategy in learner.learner.strategies},
        )

    @property
    def summary(self) -> dict[str, float | None]:
        """The figures that sum up all tasks."""
        return {key: getattr(self.figures, key) for key in SUMMARY}


def matrix_of(rows: tuple[Evaluation, ...], names: Mapping[int, str]) -> dict[int, dict[str, float]]:
    """Return R by boundary and task name, undefined scores left out."""
    return {
        row.boundary: {
            name: float(row.scores[task]) for task, name in names.items() if not np.isnan(row.scores[task])
        }
        for row in rows
    }

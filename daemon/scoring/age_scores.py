"""How well the model does today what came long ago, against what it said of it then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.scoring.scores import clip_r2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from daemon.scoring.aged_probes import AgedProbes
    from strategies.any_learner import AnyLearner

_LEAST_ROWS = 2


@dataclass(frozen=True, slots=True)
class AgeScore:
    """The scores on rows of one class of age: accuracy, or R² in [-1, 1]; None where undefined."""

    age: str
    """The least age of the rows: see ``AGES``."""
    now: float | None
    when_new: float | None
    """Of what was said of the same rows when they came."""
    samples: int


def age_scores(probes: AgedProbes, learner: AnyLearner) -> tuple[AgeScore, ...]:
    """Return the scores of a learner on rows of every age that there are, youngest first."""
    return tuple(_score(name, rows, learner) for name, rows in probes.by_age().items())


def _score(age: str, rows: dict[str, NDArray[Any]], learner: AnyLearner) -> AgeScore:
    x, task = torch.from_numpy(rows["x"]), torch.from_numpy(rows["task"])
    answer, label = learner.objective.answer(learner.predict(x, task)).value.numpy(), rows["y"]
    classes = learner.objective.classification
    error = np.asarray(answer != label if classes else np.abs(answer.astype(np.float64) - label), dtype=np.float64)
    return AgeScore(
        age,
        now=_of_errors(error, label, classes=classes),
        when_new=_of_errors(rows["error"], label, classes=classes),
        samples=len(label),
    )


def _of_errors(error: NDArray[np.float64], label: NDArray[Any], *, classes: bool) -> float | None:
    """Return the score of predictions that were so far off ``(rows,)``: 0 or 1 with classes."""
    if classes:
        return float(1 - error.mean())
    if len(label) < _LEAST_ROWS or label.min() == label.max():
        return None
    if not np.isfinite(error).all():
        return clip_r2(-np.inf)
    target = label.astype(np.float64)
    return clip_r2(1 - float(np.sum(error**2) / np.sum((target - target.mean()) ** 2)))

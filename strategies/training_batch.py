"""What one step learns: fresh rows, and those of the past that the strategies rehearse with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from strategies.batch import Examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Rows of the past, and what their labels count."""

    rows: Examples
    weight: float | None = None
    """None: each row counts as a fresh one does, in the mean over all of these. A number: what the rows' own mean
    loss is multiplied by before it is added; with 0 their labels are not learned at all."""


@dataclass(frozen=True, slots=True)
class TrainingBatch(Examples):
    """The first ``fresh`` rows are those of the stream; what each strategy rehearses follows."""

    fresh: int
    weight: Tensor | None
    """``(rows,) float32``: what each row's loss counts in the sum; None where it is the mean."""

    @staticmethod
    def of(fresh: Examples, rehearsals: Sequence[Rehearsal]) -> TrainingBatch:
        """Return the rows of all, in their order."""
        rows = len(fresh)
        if not rehearsals:
            return TrainingBatch(fresh.x, fresh.y, fresh.task, fresh=rows, weight=None)
        parts = [fresh, *(rehearsal.rows for rehearsal in rehearsals)]
        return TrainingBatch(
            torch.cat([part.x for part in parts]),
            torch.cat([part.y for part in parts]),
            torch.cat([part.task for part in parts]),
            fresh=rows,
            weight=_weights(rows, rehearsals),
        )


def _weights(fresh: int, rehearsals: Sequence[Rehearsal]) -> Tensor | None:
    if all(rehearsal.weight is None for rehearsal in rehearsals):
        return None
    alike = fresh + sum(len(rehearsal.rows) for rehearsal in rehearsals if rehearsal.weight is None)
    weights = [torch.full((fresh,), 1 / alike)]
    for rehearsal in rehearsals:
        rows = len(rehearsal.rows)
        weights.append(torch.full((rows,), 1 / alike if rehearsal.weight is None else rehearsal.weight / rows))
    return torch.cat(weights)

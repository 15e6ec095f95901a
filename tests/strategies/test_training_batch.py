"""What the rows of a step count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from strategies.objective import Classification, Regression
from strategies.training_batch import Rehearsal, TrainingBatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.batch import Batch

    MakeBatch = Callable[..., Batch]


def test_fresh_rows_alone_have_their_mean_loss(batch_of: MakeBatch) -> None:
    fresh = batch_of(0)
    batch = TrainingBatch.of(fresh, [])
    assert (len(batch), batch.fresh, batch.weight) == (8, 8, None)
    assert torch.equal(batch.x, fresh.x)


def test_rehearsed_rows_follow_in_their_order(batch_of: MakeBatch) -> None:
    parts = [batch_of(seed, rows=rows, task=seed) for seed, rows in enumerate((8, 3, 5))]
    batch = TrainingBatch.of(parts[0], [Rehearsal(part) for part in parts[1:]])
    assert batch.weight is None
    assert batch.fresh == 8
    assert batch.task.tolist() == [0] * 8 + [1] * 3 + [2] * 5
    assert torch.equal(batch.x[8:11], parts[1].x)
    assert torch.equal(batch.y[11:], parts[2].y)


def test_a_weight_is_what_the_rows_own_mean_loss_counts(batch_of: MakeBatch) -> None:
    rehearsals = [
        Rehearsal(batch_of(1, rows=2), weight=0.5),
        Rehearsal(batch_of(2, rows=4)),
        Rehearsal(batch_of(3), 0),
    ]
    batch = TrainingBatch.of(batch_of(0), rehearsals)
    assert batch.weight is not None
    assert batch.weight.tolist() == pytest.approx([1 / 12] * 8 + [0.25] * 2 + [1 / 12] * 4 + [0] * 8)


@pytest.mark.parametrize("regression", [False, True], ids=["classes", "number"])
def test_a_weighted_loss_and_its_gradient_are_those_of_the_sum(batch_of: MakeBatch, *, regression: bool) -> None:
    objective = Regression(standardise=True) if regression else Classification(4)
    batch = batch_of(0, regression=regression)
    objective.absorb(batch.y)
    outputs = torch.randn(8, objective.outputs, generator=torch.Generator().manual_seed(0))
    weight = torch.rand(8, generator=torch.Generator().manual_seed(1))
    parts = [objective.loss(outputs[row : row + 1], batch.y[row : row + 1]) for row in range(8)]
    loss, gradient = objective.loss(outputs, batch.y, weight=weight)
    torch.testing.assert_close(loss, sum(w * part[0] for w, part in zip(weight, parts, strict=True)))
    torch.testing.assert_close(gradient, torch.cat([w * part[1] for w, part in zip(weight, parts, strict=True)]))


@pytest.mark.parametrize("regression", [False, True], ids=["classes", "number"])
def test_equal_weights_are_the_mean(batch_of: MakeBatch, *, regression: bool) -> None:
    objective = Regression(standardise=True) if regression else Classification(4)
    batch = batch_of(0, regression=regression)
    objective.absorb(batch.y)
    outputs = torch.randn(8, objective.outputs, generator=torch.Generator().manual_seed(0))
    for mean, weighted in zip(
        objective.loss(outputs, batch.y),
        objective.loss(outputs, batch.y, weight=torch.full((8,), 1 / 8)),
        strict=True,
    ):
        torch.testing.assert_close(mean, weighted)

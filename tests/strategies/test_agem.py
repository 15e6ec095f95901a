"""After the projection, the step does not raise the loss on the rows that were drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch.nn import functional as F

from strategies.agem import Agem
from strategies.batch import Batch
from strategies.options.agem import AgemOptions
from strategies.strategy import Setting

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.batch import Examples
    from strategies.learner import Learner

    MakeLearner = Callable[..., Learner]
    MakeBatch = Callable[..., Any]


class Told:
    """Stands for a learner whose gradient on any rows is known."""

    def __init__(self, reference: torch.Tensor) -> None:
        self._reference = reference

    def gradient_on(self, rows: Examples) -> torch.Tensor:
        assert len(rows)
        return self._reference.clone()


def constrained(method: Agem, gradient: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    after = gradient.clone()
    method.constrain(Told(reference), after)  # type: ignore[arg-type] # all that it asks of a learner
    return after


@pytest.fixture(scope="module")
def filled() -> Agem:
    """The method with rows in its buffer."""
    generator = np.random.default_rng(0)
    setting = Setting(features=6, outputs=4, classification=True, batch_rows=8, generator=generator)
    method = Agem(AgemOptions(), setting=setting)
    rows = 8
    batch = Batch(
        x=torch.zeros(rows, 6),
        y=torch.zeros(rows, dtype=torch.int64),
        task=torch.zeros(rows, dtype=torch.int64),
        provenance=torch.zeros(rows, 4, dtype=torch.int64),
    )
    method.observe(None, batch, torch.zeros(rows, 4))  # type: ignore[arg-type] # only rows are kept
    return method


values = st.lists(st.floats(-1e3, 1e3, width=32), min_size=5, max_size=5).map(torch.tensor)


@given(gradient=values, reference=values)
def test_no_gradient_points_against_the_past_afterwards(
    filled: Agem, gradient: torch.Tensor, reference: torch.Tensor
) -> None:
    # A reference that is so small that its square has no digits left forbids nothing: see below.
    assume(not 0 < float(reference.abs().max()) < 1e-15)
    after = constrained(filled, gradient, reference)
    size = float(gradient.double().norm() * reference.double().norm())
    assert float(after.double().dot(reference.double())) >= -1e-5 * size
    if float(gradient.dot(reference)) >= 0:
        assert torch.equal(after, gradient)
    else:  # the nearest such gradient: what is taken away lies along the reference, and makes nothing longer
        assert float(after.double().norm()) <= float(gradient.double().norm()) * (1 + 1e-6)
        away = (gradient - after).double()
        along = away.dot(reference.double()) / reference.double().square().sum() * reference.double()
        torch.testing.assert_close(away, along, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, 3e38])
def test_a_reference_that_is_not_finite_forbids_nothing(filled: Agem, bad: float) -> None:
    gradient = torch.tensor([1.0, -1.0])
    assert torch.equal(constrained(filled, gradient, torch.tensor([-bad, bad])), gradient)


@pytest.mark.parametrize("tiny", [1e-23, 1e-30, 1e-44])
def test_a_reference_whose_square_is_zero_in_float32_forbids_nothing(filled: Agem, tiny: float) -> None:
    gradient = torch.tensor([1e10, -1e10])
    assert torch.equal(constrained(filled, gradient, torch.tensor([-tiny, tiny])), gradient)


def test_the_reference_is_the_gradient_of_the_loss_on_remembered_rows(
    learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    """One remembered row, at odds with the fresh ones: autograd's projected gradient is the step that is made."""
    learner = learner_with({"agem": {"rows": 1, "batch": 3}}, scale=False, optimizer={"type": "sgd", "lr": 0.1})
    first = batch_of(0, rows=1)
    learner.learn(first)
    fresh = batch_of(1, rows=1)
    fresh.x[:] = first.x
    fresh.y[:] = (first.y + 1) % 4  # the same input means another class now
    wanted = list(learner.network.module.parameters())

    def gradient(batch: Any) -> torch.Tensor:
        loss = F.cross_entropy(learner.network.module(batch.x), batch.y)
        return torch.cat([part.reshape(-1) for part in torch.autograd.grad(loss, wanted)])

    g, reference = gradient(fresh), gradient(first)
    assert g.dot(reference) < 0
    expected = learner.parameters - 0.1 * (g - g.dot(reference) / reference.dot(reference) * reference)
    learner.learn(fresh)
    torch.testing.assert_close(learner.parameters, expected, rtol=1e-4, atol=1e-6)
    assert dict(learner.strategies)["agem"].gauges()["steps_projected"] == 1


def test_a_step_with_nothing_remembered_is_a_plain_one(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    held, free = learner_with({"agem": {}}), learner_with({})
    for learner in (held, free):
        learner.learn(batch_of(0))
    assert torch.equal(held.parameters, free.parameters)

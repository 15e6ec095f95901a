"""Importance is estimated on the running task and accumulates as in the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from pydantic import ValidationError

from strategies.ewc import Ewc
from strategies.options.ewc import EwcOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.batch import Batch
    from strategies.learner import Learner

    MakeLearner = Callable[..., Learner]
    MakeBatch = Callable[..., Batch]

PARAMETERS = 224


def ewc_of(learner: Learner) -> Ewc:
    method = dict(learner.strategies)["ewc"]
    assert isinstance(method, Ewc)
    return method


def teach(learner: Learner, batch_of: MakeBatch, seeds: range, **options: Any) -> None:
    for seed in seeds:
        batch = batch_of(seed, **options)
        learner.absorb(batch.x)
        learner.learn(batch)


@pytest.fixture
def consolidated(learner_with: MakeLearner, batch_of: MakeBatch) -> Learner:
    """A learner that was consolidated once and has moved on."""
    learner = learner_with({"ewc": {"strength": 50.0, "decay": 0.9}}, optimizer={"type": "sgd", "lr": 0.2})
    teach(learner, batch_of, range(20))
    learner.consolidate(0)
    teach(learner, batch_of, range(20, 25))
    return learner


def test_the_step_follows_a_step_size_that_changes(consolidated: Learner) -> None:
    start = consolidated.parameters.clone()
    method = ewc_of(consolidated)

    def moved(step_size: float | torch.Tensor) -> torch.Tensor:
        parameters = start.clone()
        method.anchor(parameters, step_size)
        return parameters

    first = moved(0.1)
    assert not torch.equal(moved(0.2), first)
    assert torch.equal(moved(0.1), first)
    torch.testing.assert_close(moved(torch.full((PARAMETERS,), 0.1)), first)


def test_importance_decays_and_adds_up_over_consolidations(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    """F̃ ← γ F̃ + F: the second F is what a fresh method finds on the second task alone."""
    options = {"decay": 0.7, "strength": 0.0}
    both = learner_with({"ewc": options})
    teach(both, batch_of, range(5))
    both.consolidate(0)
    first = ewc_of(both).state_dict()["importance"].clone()
    second_only = learner_with({"ewc": options})
    second_only.network.load_state_dict(both.network.state_dict())
    second_only.absorb(torch.cat([batch_of(seed).x for seed in range(5)]))
    teach(both, batch_of, range(5, 9))
    teach(second_only, batch_of, range(5, 9))
    torch.testing.assert_close(both.parameters, second_only.parameters)
    both.consolidate(1)
    second_only.consolidate(1)
    second = ewc_of(second_only).state_dict()["importance"]
    state = ewc_of(both).state_dict()
    torch.testing.assert_close(state["importance"], 0.7 * first + second)
    assert torch.equal(state["anchor"], both.parameters)
    assert ewc_of(both).gauges()["consolidations"] == 2


def test_importance_is_estimated_on_rows_since_the_last_boundary_alone(
    learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    learner = learner_with({"ewc": {"fisher_rows": 30}})
    teach(learner, batch_of, range(10))
    sample = ewc_of(learner)._sample
    assert len(sample.first(80)) == 30
    learner.consolidate(0)
    assert len(sample.first(80)) == 0
    teach(learner, batch_of, range(50, 52), task=1)
    assert sample.first(16).task.tolist() == [1] * 16
    assert set(sample.first(16).provenance[:, 2].tolist()) == {*range(50_000, 50_008), *range(51_000, 51_008)}


def test_importance_that_is_not_finite_is_dropped_and_counted(
    learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    learner = learner_with({"ewc": {"every_events": 40}}, scale=False)
    teach(learner, batch_of, range(2))
    learner.consolidate(0)
    before = ewc_of(learner).state_dict()["importance"].clone()
    wild = batch_of(3)
    wild.x.mul_(1e25)
    ewc_of(learner).observe(learner, wild, torch.zeros(8, 4))  # as if a step on it had been accepted
    learner.consolidate(0)
    gauges = ewc_of(learner).gauges()
    assert (gauges["consolidations"], gauges["consolidations_rejected"]) == (1, 1)
    assert torch.equal(ewc_of(learner).state_dict()["importance"], before)
    teach(learner, batch_of, range(4, 9))
    assert ewc_of(learner).gauges()["consolidations"] == 2


@pytest.mark.parametrize("options", [{"strength": -1}, {"decay": 0}, {"decay": 1.1}, {"fisher": "batched"}])
def test_options_out_of_bounds_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EwcOptions(**options)

"""The anchor is the written penalty, applied implicitly; importance accumulates as in the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from pydantic import ValidationError

from strategies.ewc import Ewc, EwcOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.batch import Batch
    from strategies.learner import Learner

    MakeLearner = Callable[..., Learner]
    MakeBatch = Callable[..., Batch]

PARAMETERS = 224
STEP_SIZES = [1e-3, 0.1, 3.0, torch.logspace(-4, 1, PARAMETERS)]


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


def penalty(
    learner: Learner, parameters: torch.Tensor, *, strength: float = 50.0, decay: float = 0.9
) -> torch.Tensor:
    """The formula as written: (λ/2) Σ γ F̃ (θ - θ*)²."""
    state = ewc_of(learner).state_dict()
    return strength / 2 * (decay * state["fisher"] * (parameters - state["anchor"]) ** 2).sum()


def test_the_penalty_is_the_written_formula(consolidated: Learner) -> None:
    parameters = consolidated.parameters + torch.randn(PARAMETERS, generator=torch.Generator().manual_seed(0))
    value = ewc_of(consolidated).penalty(parameters)
    assert value == pytest.approx(penalty(consolidated, parameters).item(), rel=1e-5)
    assert value is not None
    assert value > 0


@pytest.mark.parametrize("step_size", STEP_SIZES, ids=["small", "usual", "large", "one per parameter"])
def test_the_anchor_step_minimises_distance_and_penalty(
    consolidated: Learner, step_size: float | torch.Tensor
) -> None:
    """Of ½ Σ (θ - θ₀)² / s + penalty(θ): by autograd on the formula, its gradient vanishes where the step leads."""
    before = consolidated.parameters.clone()
    after = before.clone()
    ewc_of(consolidated).anchor(after, step_size)
    assert not torch.equal(after, before)
    parameters = after.double().requires_grad_()
    (slope,) = torch.autograd.grad(penalty(consolidated, parameters), parameters)
    pull = (before.double() - after.double()) / torch.as_tensor(step_size)
    scale = (before - ewc_of(consolidated).state_dict()["anchor"]).abs().max() / torch.as_tensor(step_size)
    assert ((pull - slope.detach()).abs() / scale).max() < 1e-5


def test_a_small_anchor_step_is_a_gradient_step_on_the_penalty(consolidated: Learner) -> None:
    before = consolidated.parameters.clone()
    after = before.clone()
    ewc_of(consolidated).anchor(after, 1e-3)
    parameters = before.clone().requires_grad_()
    (slope,) = torch.autograd.grad(penalty(consolidated, parameters), parameters)
    torch.testing.assert_close(after, before - 1e-3 * slope, rtol=1e-2, atol=1e-6)


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


@pytest.mark.parametrize("strength", [1e12, 1e300])
@pytest.mark.parametrize("optimizer", [{"type": "sgd", "lr": 1.0}, {"type": "adam", "lr": 0.1}])
def test_any_strength_is_stable_and_holds_what_mattered_where_it_was(
    strength: float, optimizer: dict[str, Any], learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    learner = learner_with({"ewc": {"strength": strength}}, optimizer=optimizer)
    teach(learner, batch_of, range(10))
    learner.consolidate(0)
    anchor = learner.parameters.clone()
    teach(learner, batch_of, range(10, 60))
    assert torch.isfinite(learner.parameters).all()
    assert learner.rejected_steps == 0
    important = ewc_of(learner).state_dict()["fisher"] > 1e-3
    assert important.sum() > 20
    torch.testing.assert_close(learner.parameters[important], anchor[important], rtol=0, atol=1e-4)


def test_strength_zero_pulls_at_nothing(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    held, free = learner_with({"ewc": {"strength": 0.0}}), learner_with({})
    for learner in (held, free):
        teach(learner, batch_of, range(5))
        learner.consolidate(0)
        teach(learner, batch_of, range(5, 10))
    assert torch.equal(held.parameters, free.parameters)


def test_importance_decays_and_adds_up_over_consolidations(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    """F̃ ← γ F̃ + F: the second F is what a fresh method finds on the second task alone."""
    options = {"decay": 0.7, "strength": 0.0}
    both = learner_with({"ewc": options})
    teach(both, batch_of, range(5))
    both.consolidate(0)
    first = ewc_of(both).state_dict()["fisher"].clone()
    second_only = learner_with({"ewc": options})
    second_only.network.load_state_dict(both.network.state_dict())
    second_only.absorb(torch.cat([batch_of(seed).x for seed in range(5)]))
    teach(both, batch_of, range(5, 9))
    teach(second_only, batch_of, range(5, 9))
    torch.testing.assert_close(both.parameters, second_only.parameters)
    both.consolidate(1)
    second_only.consolidate(1)
    second = ewc_of(second_only).state_dict()["fisher"]
    state = ewc_of(both).state_dict()
    torch.testing.assert_close(state["fisher"], 0.7 * first + second)
    assert torch.equal(state["anchor"], both.parameters)
    assert ewc_of(both).gauges()["consolidations"] == 2


def test_before_the_first_consolidation_it_does_nothing(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    held, free = learner_with({"ewc": {"strength": 1e6}}), learner_with({})
    for learner in (held, free):
        teach(learner, batch_of, range(8))
    assert torch.equal(held.parameters, free.parameters)
    assert ewc_of(held).penalty(held.parameters) is None
    assert ewc_of(held).gauges()["anchor_active"] == 0
    held.consolidate(0)
    assert ewc_of(held).penalty(held.parameters) == 0
    assert ewc_of(held).gauges()["anchor_active"] == 1


def test_nothing_learned_since_the_last_consolidation_changes_nothing(consolidated: Learner) -> None:
    consolidated.consolidate(0)
    before = {name: leaf for name, leaf in ewc_of(consolidated).state_dict().items() if name != "sample"}
    fisher = before["fisher"].clone()
    consolidated.consolidate(1)
    assert torch.equal(ewc_of(consolidated).state_dict()["fisher"], fisher)
    assert ewc_of(consolidated).gauges()["consolidations"] == 2


def test_without_boundaries_it_consolidates_on_schedule(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner = learner_with({"ewc": {"every_events": 20}})
    counts = []
    for seed in range(9):  # 8 rows each
        teach(learner, batch_of, range(seed, seed + 1))
        counts.append(ewc_of(learner).gauges()["consolidations"])
    assert counts == [0, 0, 1, 1, 1, 2, 2, 2, 3]


def test_a_boundary_restarts_the_schedule(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner = learner_with({"ewc": {"every_events": 20}})
    teach(learner, batch_of, range(2))
    learner.consolidate(0)
    teach(learner, batch_of, range(2, 4))
    assert ewc_of(learner).gauges()["consolidations"] == 1
    teach(learner, batch_of, range(4, 5))
    assert ewc_of(learner).gauges()["consolidations"] == 2


def test_with_no_schedule_only_boundaries_consolidate(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner = learner_with({"ewc": {"every_events": None}})
    teach(learner, batch_of, range(3), rows=1000)
    assert ewc_of(learner).gauges()["consolidations"] == 0


def test_importance_is_estimated_on_rows_since_the_last_boundary_alone(
    learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    learner = learner_with({"ewc": {"fisher_rows": 30}})
    teach(learner, batch_of, range(10))
    sample = ewc_of(learner)._sample
    assert len(sample) == 30
    learner.consolidate(0)
    assert len(sample) == 0
    teach(learner, batch_of, range(50, 52), task=1)
    assert sample.rows().task.tolist() == [1] * 16
    assert set(sample.rows().provenance[:, 2].tolist()) == {*range(50_000, 50_008), *range(51_000, 51_008)}


def test_importance_that_is_not_finite_is_dropped_and_counted(
    learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    learner = learner_with({"ewc": {"every_events": 40}}, scale=False)
    teach(learner, batch_of, range(2))
    learner.consolidate(0)
    before = ewc_of(learner).state_dict()["fisher"].clone()
    wild = batch_of(3)
    wild.x.mul_(1e25)
    ewc_of(learner).observe(learner, wild, torch.zeros(8, 4))  # as if a step on it had been accepted
    learner.consolidate(0)
    gauges = ewc_of(learner).gauges()
    assert (gauges["consolidations"], gauges["consolidations_rejected"]) == (1, 1)
    assert torch.equal(ewc_of(learner).state_dict()["fisher"], before)
    teach(learner, batch_of, range(4, 9))
    assert ewc_of(learner).gauges()["consolidations"] == 2


def test_the_anchor_is_the_snapshot_that_the_learner_is_at(consolidated: Learner, batch_of: MakeBatch) -> None:
    calm = consolidated.parameters.clone()
    teach(consolidated, batch_of, range(30, 33))
    now = consolidated.parameters.clone()
    with consolidated.at(calm):
        consolidated.consolidate(0)
    assert torch.equal(ewc_of(consolidated).state_dict()["anchor"], calm)
    assert torch.equal(consolidated.parameters, now)


@pytest.mark.parametrize("options", [{"strength": -1}, {"decay": 0}, {"decay": 1.1}, {"fisher": "batched"}])
def test_options_out_of_bounds_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EwcOptions(**options)

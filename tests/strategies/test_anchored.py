"""Every anchor is its paper's penalty, applied implicitly, and consolidates when it should."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from strategies import STRATEGIES
from strategies.anchored import Anchored

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.learner import Learner

    MakeLearner = Callable[..., Learner]
    MakeBatch = Callable[..., Any]
    Formula = Callable[[dict[str, Any], torch.Tensor], torch.Tensor]

PARAMETERS = 224
STEP_SIZES = [1e-3, 0.1, 3.0, torch.logspace(-4, 1, PARAMETERS)]

ANCHORS: dict[str, tuple[dict[str, Any], Formula]] = {
    "ewc": (  # (λ/2) Σ γ F̃ (θ - θ*)²
        {"strength": 50.0, "decay": 0.9},
        lambda state, theta: 25 * (0.9 * state["importance"] * (theta - state["anchor"]) ** 2).sum(),
    ),
    "si": (  # c Σ Ω (θ - θ*)²
        {"strength": 7.0, "decay": 0.9},
        lambda state, theta: 7 * (state["importance"] * (theta - state["anchor"]) ** 2).sum(),
    ),
    "mas": (  # λ Σ Ω (θ - θ*)²
        {"strength": 3.0},
        lambda state, theta: 3 * (state["importance"] * (theta - state["anchor"]) ** 2).sum(),
    ),
    "l2sp": (  # (α/2) ‖θ - θ⁰‖²
        {"strength": 0.4},
        lambda state, theta: 0.2 * ((theta - state["anchor"]) ** 2).sum(),
    ),
}
SCHEDULED = sorted(name for name, method in STRATEGIES.items() if issubclass(method.load(), Anchored))


def teach(learner: Learner, batch_of: MakeBatch, seeds: range, **options: Any) -> None:
    for seed in seeds:
        batch = batch_of(seed, **options)
        learner.absorb(batch.x)
        learner.learn(batch)


@pytest.fixture(params=ANCHORS)
def consolidated(
    request: pytest.FixtureRequest, learner_with: MakeLearner, batch_of: MakeBatch
) -> tuple[Any, torch.Tensor, Callable[[torch.Tensor], torch.Tensor]]:
    """A method that was consolidated twice, parameters that have moved on, and the penalty as it is written."""
    options, formula = ANCHORS[request.param]
    learner = learner_with({request.param: options}, optimizer={"type": "sgd", "lr": 0.2})
    for task in range(2):
        teach(learner, batch_of, range(20 * task, 20 * task + 20))
        learner.consolidate(task)
    teach(learner, batch_of, range(40, 45))
    method = learner.strategies[0][1]
    state = method.state_dict()
    moved = torch.randn(PARAMETERS, generator=torch.Generator().manual_seed(0))
    return method, learner.parameters + moved, lambda theta: formula(state, theta)


def test_every_method_that_consolidates_is_compared_with_its_formula() -> None:
    assert set(SCHEDULED) <= set(ANCHORS)


def test_the_penalty_is_the_written_formula(consolidated: Any) -> None:
    method, parameters, penalty = consolidated
    assert method.penalty(parameters) == pytest.approx(penalty(parameters).item(), rel=1e-5)
    assert method.penalty(parameters) > 0


@pytest.mark.parametrize("step_size", STEP_SIZES, ids=["small", "usual", "large", "one per parameter"])
def test_the_pull_minimises_distance_and_penalty(consolidated: Any, step_size: float | torch.Tensor) -> None:
    """Of ½ Σ (θ - θ₀)² / s + penalty(θ): by autograd on the formula, its gradient vanishes where the pull leads."""
    method, before, penalty = consolidated
    after = before.clone()
    method.anchor(after, step_size)
    assert not torch.equal(after, before)
    theta = after.double().requires_grad_()
    (slope,) = torch.autograd.grad(penalty(theta), theta)
    pull = (before.double() - after.double()) / torch.as_tensor(step_size)
    scale = (before - method.state_dict()["anchor"]).abs().max() / torch.as_tensor(step_size)
    assert ((pull - slope.detach()).abs() / scale).max() < 1e-5


def test_a_small_pull_is_a_gradient_step_on_the_penalty(consolidated: Any) -> None:
    method, before, penalty = consolidated
    after = before.clone()
    method.anchor(after, 1e-4)
    theta = before.clone().requires_grad_()
    (slope,) = torch.autograd.grad(penalty(theta), theta)
    assert slope.abs().max() > 1e-3
    torch.testing.assert_close(after, before - 1e-4 * slope, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", SCHEDULED)
def test_before_the_first_consolidation_it_does_nothing(
    name: str, learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    held, free = learner_with({name: {"strength": 1e6}}), learner_with({})
    for learner in (held, free):
        teach(learner, batch_of, range(8))
    assert torch.equal(held.parameters, free.parameters)
    method = held.strategies[0][1]
    assert method.gauges() == {"anchor_active": 0, "consolidations": 0, "consolidations_rejected": 0}
    held.consolidate(0)
    assert method.penalty(held.parameters) == 0
    assert method.gauges()["anchor_active"] == 1


@pytest.mark.parametrize("name", SCHEDULED)
def test_without_boundaries_it_consolidates_on_schedule(
    name: str, learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    learner = learner_with({name: {"every_events": 20}})
    counts = []
    for seed in range(9):  # 8 rows each
        teach(learner, batch_of, range(seed, seed + 1))
        counts.append(learner.strategies[0][1].gauges()["consolidations"])
    assert counts == [0, 0, 1, 1, 1, 2, 2, 2, 3]


@pytest.mark.parametrize("name", SCHEDULED)
def test_a_boundary_restarts_the_schedule(name: str, learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner = learner_with({name: {"every_events": 20}})
    method = learner.strategies[0][1]
    teach(learner, batch_of, range(2))
    learner.consolidate(0)
    teach(learner, batch_of, range(2, 4))
    assert method.gauges()["consolidations"] == 1
    teach(learner, batch_of, range(4, 5))
    assert method.gauges()["consolidations"] == 2


@pytest.mark.parametrize("name", SCHEDULED)
def test_nothing_learned_since_the_last_consolidation_changes_nothing(
    name: str, learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    learner = learner_with({name: {"every_events": None}})
    teach(learner, batch_of, range(3), rows=1000)
    method = learner.strategies[0][1]
    assert method.gauges()["consolidations"] == 0
    learner.consolidate(0)
    before = method.state_dict()["importance"].clone()
    learner.consolidate(1)
    assert torch.equal(method.state_dict()["importance"], before)
    assert method.gauges()["consolidations"] == 1


@pytest.mark.parametrize("name", SCHEDULED)
def test_the_anchor_is_the_snapshot_that_the_learner_is_at(
    name: str, learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    learner = learner_with({name: {}})
    teach(learner, batch_of, range(5))
    calm = learner.parameters.clone()
    teach(learner, batch_of, range(5, 8))
    now = learner.parameters.clone()
    with learner.at(calm):
        learner.consolidate(0)
    assert torch.equal(learner.strategies[0][1].state_dict()["anchor"], calm)
    assert torch.equal(learner.parameters, now)


@pytest.mark.parametrize("strength", [1e12, 1e300])
@pytest.mark.parametrize("optimizer", [{"type": "sgd", "lr": 1.0}, {"type": "adam", "lr": 0.1}])
@pytest.mark.parametrize("name", ANCHORS)
def test_any_strength_is_stable_and_holds_what_mattered_where_it_was(
    name: str, strength: float, optimizer: dict[str, Any], learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    learner = learner_with({name: {"strength": strength}}, optimizer=optimizer)
    teach(learner, batch_of, range(10))
    learner.consolidate(0)
    anchor = learner.strategies[0][1].state_dict()["anchor"].clone()
    teach(learner, batch_of, range(10, 60))
    assert torch.isfinite(learner.parameters).all()
    assert learner.rejected_steps == 0
    important = learner.strategies[0][1].state_dict()["importance"] > 1e-3
    assert important.sum() > 20
    torch.testing.assert_close(learner.parameters[important], anchor[important], rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", ANCHORS)
def test_strength_zero_pulls_at_nothing(name: str, learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    held, free = learner_with({name: {"strength": 0.0}}), learner_with({})
    for learner in (held, free):
        teach(learner, batch_of, range(5))
        learner.consolidate(0)
        teach(learner, batch_of, range(5, 10))
    assert torch.equal(held.parameters, free.parameters)

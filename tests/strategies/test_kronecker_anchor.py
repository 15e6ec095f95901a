"""The Kronecker-factored anchor is the written quadratic form, applied implicitly."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

from strategies.kronecker_anchor import KroneckerAnchor
from strategies.kronecker_fisher import Factors
from strategies.layer_block import layer_blocks
from strategies.network import Network, network_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.learner import Learner

    MakeLearner = Callable[..., Learner]
    MakeBatch = Callable[..., Any]

SCALE, DECAY = 3.0, 0.8
STEP_SIZES = [1e-3, 0.1, 50.0]


def network() -> Network:
    torch.manual_seed(0)
    convolution = nn.Sequential(nn.Unflatten(1, (1, 5, 5)), nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten())
    return network_of(nn.Sequential(*convolution, nn.Linear(18, 4, bias=False), nn.Tanh(), nn.Linear(4, 3)))


def factors_for(model: Network, seed: int) -> dict[str, Factors]:
    """Symmetric, positive semi-definite factors of deficient rank."""
    generator = torch.Generator().manual_seed(seed)

    def moment(width: int) -> torch.Tensor:
        rows = torch.randn(max(width - 1, 1), width, generator=generator)
        return rows.t() @ rows / len(rows)

    return {
        name: Factors(inputs=moment(block.weights + (block.bias_start >= 0)), outputs=moment(block.outputs))
        for name, block in layer_blocks(model).items()
    }


def matrix(model: Network, importance: dict[str, Factors]) -> torch.Tensor:
    """Return the whole quadratic form ``(parameters, parameters)``: a product a layer, nothing between."""
    places = torch.arange(len(model.parameters))
    form = torch.zeros(len(places), len(places), dtype=torch.float64)
    for name, block in layer_blocks(model).items():
        mine = block.take(places).reshape(-1)
        form[mine[:, None], mine] = torch.kron(importance[name].outputs.double(), importance[name].inputs.double())
    return form


@pytest.fixture
def held() -> tuple[Network, KroneckerAnchor, torch.Tensor, torch.Tensor]:
    """A model that has moved on, its anchor after two consolidations, the anchor's point and the written form."""
    model, anchor = network(), KroneckerAnchor(scale=SCALE)
    first, second = factors_for(model, 1), factors_for(model, 2)
    assert anchor.add(model, importance=first, decay=DECAY)
    model.parameters.add_(0.1)
    assert anchor.add(model, importance=second, decay=DECAY)
    total = {
        name: Factors(
            inputs=(DECAY * first[name].inputs + second[name].inputs) / (DECAY + 1),
            outputs=DECAY * first[name].outputs + second[name].outputs,
        )
        for name in first
    }
    point = model.parameters.clone()
    model.parameters.add_(torch.randn(len(point), generator=torch.Generator().manual_seed(3)))
    return model, anchor, point, SCALE * matrix(model, total)


def test_the_penalty_is_the_written_form(held: Any) -> None:
    model, anchor, point, form = held
    way = (model.parameters - point).double()
    assert anchor.penalty(model.parameters) == pytest.approx(0.5 * float(way @ form @ way), rel=1e-5)
    assert anchor.penalty(point) == 0


@pytest.mark.parametrize("step_size", STEP_SIZES)
def test_the_pull_minimises_distance_and_penalty(step_size: float, held: Any) -> None:
    """(I + s·H)(θ - θ*) after it is what θ - θ* was before: solved here as one dense system."""
    model, anchor, point, form = held
    before = (model.parameters - point).double()
    expected = torch.linalg.solve(torch.eye(len(point)) + step_size * form, before)
    after = model.parameters.clone()
    anchor.pull(after, step_size)
    assert not torch.equal(after, model.parameters)
    torch.testing.assert_close((after - point).double(), expected, rtol=1e-3, atol=1e-5)


def test_a_small_pull_is_a_gradient_step_on_the_penalty(held: Any) -> None:
    """By autograd on the formula as it is written."""
    model, anchor, point, form = held
    theta = model.parameters.double().requires_grad_()
    (slope,) = torch.autograd.grad(0.5 * (theta - point) @ form @ (theta - point), theta)
    after = model.parameters.clone()
    anchor.pull(after, 1e-4)
    torch.testing.assert_close(model.parameters - after, 1e-4 * slope.float(), rtol=0.02, atol=2e-5)


def test_any_step_size_is_stable_and_follows_its_change(held: Any) -> None:
    model, anchor, point, _ = held

    def moved(step_size: float | torch.Tensor) -> torch.Tensor:
        parameters = model.parameters.clone()
        anchor.pull(parameters, step_size)
        return parameters

    first = moved(0.1)
    assert (moved(1e6) - point).norm() < (first - point).norm() < (model.parameters - point).norm()
    assert torch.equal(moved(0.1), first)
    torch.testing.assert_close(moved(torch.full_like(point, 0.1)), first)


def test_a_layer_takes_the_harmonic_mean_of_unequal_step_sizes(held: Any) -> None:
    model, anchor, point, _ = held
    sizes = torch.rand(len(point), generator=torch.Generator().manual_seed(4)) + 0.01
    given = sizes.clone()
    alike, unequal = torch.empty_like(sizes), model.parameters.clone()
    for block in layer_blocks(model).values():
        mine = block.take(torch.arange(len(point))).reshape(-1)
        alike[mine] = 1 / (1 / sizes[mine]).mean()
    anchor.pull(unequal, sizes)
    assert torch.equal(sizes, given)
    for block in layer_blocks(model).values():
        expected = model.parameters.clone()
        mine = block.take(torch.arange(len(point))).reshape(-1)
        anchor.pull(expected, float(alike[mine][0]))
        torch.testing.assert_close(unequal[mine], expected[mine])


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_importance_that_is_not_finite_changes_nothing(bad: float, held: Any) -> None:
    model, anchor, _, _ = held
    before = deepcopy(anchor.state_dict())
    factors = factors_for(model, 5)
    next(iter(factors.values())).outputs[0, 0] = bad
    assert not anchor.add(model, importance=factors, decay=DECAY)
    assert torch.equal(anchor.state_dict()["anchor"], before["anchor"])
    for name, layer in anchor.state_dict()["layers"].items():
        assert layer["count"] == before["layers"][name]["count"]
        assert all(torch.equal(t, before["layers"][name]["tensors"][k]) for k, t in layer["tensors"].items())


def test_a_layer_that_was_not_used_keeps_what_decay_leaves_of_it(held: Any) -> None:
    model, anchor, _, _ = held
    name, *_ = layer_blocks(model)
    before = deepcopy(anchor.state_dict()["layers"][name])
    others = {key: value for key, value in factors_for(model, 6).items() if key != name}
    anchor.add(model, importance=others, decay=DECAY)
    after = anchor.state_dict()["layers"][name]
    torch.testing.assert_close(after["tensors"]["outputs"], DECAY * before["tensors"]["outputs"])
    assert torch.equal(after["tensors"]["inputs"], before["tensors"]["inputs"])
    assert after["count"] == pytest.approx(DECAY * before["count"])


@pytest.mark.parametrize("strength", [1e12, 1e300])
@pytest.mark.parametrize("optimizer", [{"type": "sgd", "lr": 1.0}, {"type": "adam", "lr": 0.1}])
def test_any_strength_keeps_what_the_model_said_of_the_past(
    strength: float, optimizer: dict[str, Any], learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    options = {"curvature": "kronecker", "strength": strength}
    learner = learner_with({"ewc": options}, optimizer=optimizer, scale=False)
    for seed in range(10):
        learner.learn(batch_of(seed))
    learner.consolidate(0)
    past = torch.cat([batch_of(seed).x for seed in range(10)])
    before = torch.softmax(learner.predict(past), 1)
    for seed in range(10, 60):
        learner.learn(batch_of(seed))
    assert learner.rejected_steps == 0
    assert torch.isfinite(learner.parameters).all()
    torch.testing.assert_close(torch.softmax(learner.predict(past), 1), before, rtol=0, atol=0.05)


def test_a_model_without_factors_is_refused_at_the_first_step(
    learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    learner = learner_with({"ewc": {"curvature": "kronecker"}})
    learner.network = network_of(nn.Sequential(nn.Linear(6, 4), nn.LayerNorm(4)))
    with pytest.raises(ValueError, match="use curvature: diagonal"):
        dict(learner.strategies)["ewc"].observe(learner, batch_of(0), torch.zeros(8, 4))


def test_a_state_of_another_curvature_is_refused(learner_with: MakeLearner) -> None:
    state = learner_with({"ewc": {}}).state_dict()
    with pytest.raises(ValueError, match="curvature diagonal, the configured one kronecker"):
        learner_with({"ewc": {"curvature": "kronecker"}}).load_state_dict(state)

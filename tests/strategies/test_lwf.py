"""What is distilled is the paper's loss on fresh rows, against the model of the last consolidation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch.nn import functional as F

from strategies.objective import Units
from strategies.training_batch import TrainingBatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.learner import Learner
    from strategies.lwf import Lwf

    MakeLearner = Callable[..., Learner]
    MakeBatch = Callable[..., Any]

STRENGTH, TEMPERATURE = 0.7, 2.0


def lwf_of(learner: Learner) -> Lwf:
    return dict(learner.strategies)["lwf"]  # type: ignore[return-value] # by its name


def taught(learner_with: MakeLearner, batch_of: MakeBatch, *, classes: int = 4, **options: Any) -> Learner:
    """A learner with a teacher of the first classes, that has moved on."""
    learner = learner_with({"lwf": {"strength": STRENGTH, "temperature": TEMPERATURE}}, **options)
    regression = options.get("regression", False)
    for seed in range(12):
        batch = batch_of(seed, regression=regression)
        if not regression:
            batch.y.remainder_(classes)
        learner.absorb(batch.x)
        learner.objective.absorb(batch.y)
        learner.learn(batch)
        if seed == 5:
            learner.consolidate(0)
    return learner


def distilled(learner: Learner, batch: Any, *, fresh: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return what the method adds to loss and gradient, and the outputs it did so for."""
    outputs = torch.randn(len(batch), learner.objective.outputs, generator=torch.Generator().manual_seed(0))
    gradient = torch.zeros_like(outputs)
    training = TrainingBatch(batch.x, batch.y, batch.task, fresh=fresh, weight=None)
    loss = lwf_of(learner).distil(learner, outputs, training, own=slice(0, 0), gradient=gradient)
    assert loss is not None
    return loss, gradient, outputs


def teacher_outputs(learner: Learner, batch: Any) -> torch.Tensor:
    with learner.at(lwf_of(learner).state_dict()["teacher"]):
        return learner.predict(batch.x)


@pytest.mark.parametrize("classes", [4, 2])
def test_loss_and_gradient_are_those_of_the_written_formula(
    classes: int, learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    """λ · the mean over fresh rows of -Σ p' log p at temperature T, over the classes known to the teacher."""
    learner, batch = taught(learner_with, batch_of, classes=classes), batch_of(50)
    loss, gradient, outputs = distilled(learner, batch, fresh=5)
    leaf = outputs.clone().requires_grad_()
    wanted = torch.softmax(teacher_outputs(learner, batch)[:5, :classes] / TEMPERATURE, 1)
    said = F.log_softmax(leaf[:5, :classes] / TEMPERATURE, 1)
    expected = -STRENGTH * (wanted * said).sum(1).mean()
    (slope,) = torch.autograd.grad(expected, leaf)
    torch.testing.assert_close(loss, expected.detach())
    torch.testing.assert_close(gradient, slope)
    assert slope.abs().max() > 1e-3


def test_it_is_half_the_squared_distance_in_regression(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner, batch = taught(learner_with, batch_of, regression=True), batch_of(50, regression=True)
    loss, gradient, outputs = distilled(learner, batch, fresh=5)
    leaf = outputs.clone().requires_grad_()
    then, now = Units(*lwf_of(learner).state_dict()["units"]), learner.objective.units
    assert now is not None
    wanted = now.outputs(then.of(teacher_outputs(learner, batch)[:5]))
    expected = STRENGTH * 0.5 * (leaf[:5] - wanted).square().sum(1).mean()
    (slope,) = torch.autograd.grad(expected, leaf)
    torch.testing.assert_close(loss, expected.detach())
    torch.testing.assert_close(gradient, slope)


@pytest.mark.parametrize("moves", [[(200, 500.0)], [(600, 3.0), (800, 6.0)], [(600, 3.0), (3000, 1e4)]])
def test_the_teacher_says_the_same_number_when_the_target_s_scale_has_moved(
    moves: list[tuple[int, float]], learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    """In a young stream, where the scale moves and parameters with it, and where it has moved too far for that."""
    learner, batch = taught(learner_with, batch_of, regression=True), batch_of(50, regression=True)
    objective = learner.objective
    lwf_of(learner).consolidate(learner, 0)
    said = objective.answer(learner.predict(batch.x)).value
    before = objective.units
    for rows, reach in moves:
        objective.absorb(torch.linspace(0, reach, rows))
        learner.follow_scales()
    assert objective.units is not None
    assert objective.units != before
    as_said = objective.units.outputs(said.unsqueeze(1))
    training = TrainingBatch(batch.x, batch.y, batch.task, fresh=len(batch), weight=None)
    gradient = torch.zeros_like(as_said)
    loss = lwf_of(learner).distil(learner, as_said, training, own=slice(0, 0), gradient=gradient)
    assert loss is not None
    assert float(loss) < 1e-6
    assert not gradient.abs().max() > 1e-3


@pytest.mark.parametrize(
    "model", [{"type": "mlp", "hidden": [10]}, {"type": "cnn", "shape": [1, 2, 3], "channels": [2]}]
)
def test_asking_the_teacher_leaves_the_step_as_it_is(
    model: dict[str, Any], learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    """With strength 0, every step is that of a learner without it, whether by hand or by autograd."""
    asked, free = learner_with({"lwf": {"strength": 0.0}}, model=model), learner_with({}, model=model)
    for learner in (asked, free):
        for seed in range(10):
            learner.learn(batch_of(seed))
            learner.consolidate(0)
    assert torch.equal(asked.parameters, free.parameters)


def test_before_the_first_consolidation_it_does_nothing(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner, free = learner_with({"lwf": {}}), learner_with({})
    for seed in range(5):
        for each in (learner, free):
            each.learn(batch_of(seed))
    assert torch.equal(learner.parameters, free.parameters)
    assert lwf_of(learner).gauges() == {"teacher_active": 0, "teacher_outputs": 0}


def test_the_teacher_is_the_snapshot_that_the_learner_is_at(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner = learner_with({"lwf": {"every_events": None}})
    learner.learn(batch_of(0))
    calm = learner.parameters.clone()
    learner.learn(batch_of(1))
    with learner.at(calm):
        learner.consolidate(0)
    assert torch.equal(lwf_of(learner).state_dict()["teacher"], calm)


def test_it_keeps_what_was_said_closer_than_learning_without_it(
    learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    def drift(strategies: dict[str, Any]) -> float:
        learner = learner_with(strategies, scale=False, optimizer={"type": "sgd", "lr": 0.1})
        for _ in range(30):
            learner.learn(batch_of(0, rows=64))
        learner.consolidate(0)
        x = batch_of(1, rows=64).x
        before = torch.softmax(learner.predict(x), 1)
        for seed in range(2, 32):
            learner.learn(batch_of(seed, rows=64))
        return float((torch.softmax(learner.predict(x), 1) - before).abs().mean())

    assert drift({"lwf": {"strength": 4.0}}) < 0.7 * drift({})


def test_without_boundaries_it_takes_a_teacher_on_schedule(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner = learner_with({"lwf": {"every_events": 20}})
    for seed in range(3):  # 8 rows each
        assert lwf_of(learner).gauges()["teacher_active"] == 0
        learner.learn(batch_of(seed))
    assert lwf_of(learner).gauges()["teacher_active"] == 1

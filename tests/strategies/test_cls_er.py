"""CLS-ER holds the rehearsed rows to what the better of two slow averages says, and the stable one predicts."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch.nn import functional as F

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.batch import Batch
    from strategies.cls_er import ClsEr
    from strategies.learner import Learner

    MakeBatch = Callable[..., Batch]
    MakeLearner = Callable[..., Learner]

OPTIONS = {"strength": 0.7, "batch": 5, "stable_decay": 0.95, "plastic_decay": 0.5}


def cls_er_of(learner: Learner) -> ClsEr:
    return dict(learner.strategies)["cls_er"]  # type: ignore[return-value] # by its name


def averages_of(learner: Learner) -> tuple[torch.Tensor, torch.Tensor]:
    state = cls_er_of(learner).state_dict()
    return state["stable"].clone(), state["plastic"].clone()


def taught(learner: Learner, batch_of: MakeBatch, *, steps: int = 12, regression: bool = False) -> Learner:
    for seed in range(steps):
        batch = batch_of(seed, regression=regression)
        learner.absorb(batch.x)
        learner.objective.absorb(batch.y)
        learner.learn(batch)
    return learner


@pytest.mark.parametrize("regression", [False, True], ids=["classes", "number"])
def test_the_step_is_that_of_autograd_on_the_written_loss(
    learner_with: MakeLearner, batch_of: MakeBatch, *, regression: bool
) -> None:
    learner = learner_with({"cls_er": OPTIONS}, scale=False, regression=regression)
    taught(learner, batch_of, regression=regression)
    strategy, fresh, before = cls_er_of(learner), batch_of(99, regression=regression), learner.parameters.clone()

    # What is drawn in this step, seen by drawing it from the same state once before.
    state = deepcopy(strategy.state_dict())
    (rehearsal,) = strategy.rehearse(fresh)
    strategy.load_state_dict(state)
    rows, said = rehearsal.rows, []
    for average in averages_of(learner):
        with learner.at(average):
            said.append(learner.predict(rows.x))

    def label_losses(outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        if not regression:
            return F.cross_entropy(outputs, y, reduction="none")
        return 0.5 * (outputs - learner.objective.targets(y)).square().squeeze(1)

    with torch.enable_grad():
        module = learner.network.module
        fits = [label_losses(outputs, rows.y) for outputs in said]
        wanted = torch.stack([said[0][row] if fits[0][row] < fits[1][row] else said[1][row] for row in range(5)])
        assert {bool(stable < plastic) for stable, plastic in zip(*fits, strict=True)} == {True, False}
        x, y = torch.cat([fresh.x, rows.x]), torch.cat([fresh.y, rows.y])
        loss = label_losses(module(x), y).mean() + 0.7 * F.mse_loss(module(rows.x), wanted)
        gradient = torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss, list(module.parameters()))])
    step = learner.learn(fresh)
    assert step.loss == pytest.approx(loss.item(), rel=1e-5)
    torch.testing.assert_close(learner.parameters, before - 0.1 * gradient, rtol=1e-4, atol=1e-6)


def test_the_stable_average_predicts_and_the_newest_weights_learn(
    learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    learner = taught(learner_with({"cls_er": OPTIONS}), batch_of)
    stable, plastic = averages_of(learner)
    x = batch_of(50).x
    with learner.at(stable):
        expected = learner.predict(x)
    assert torch.equal(learner.served, stable)
    assert torch.equal(learner.predict(x), expected)
    assert not torch.equal(stable, plastic)
    assert not torch.equal(learner.parameters, stable)
    with learner.at(plastic):
        assert torch.equal(learner.served, plastic)
    assert torch.equal(learner.served, stable)


def test_before_the_first_step_the_weights_themselves_predict(learner_with: MakeLearner) -> None:
    learner = learner_with({"cls_er": OPTIONS})
    assert torch.equal(learner.served, learner.parameters)


def test_an_average_that_the_learner_keeps_goes_before(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner = taught(learner_with({"cls_er": OPTIONS}, averaging=0.9), batch_of)
    assert torch.equal(learner.served, learner.state_dict()["average"]["parameters"])


def test_each_average_follows_in_the_share_of_steps_that_it_is_given(
    learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    learner = learner_with({"cls_er": OPTIONS | {"stable_frequency": 0.25, "plastic_frequency": 1.0}})
    moved = [0, 0]
    before = averages_of(taught(learner, batch_of, steps=1))
    for _ in range(200):
        taught(learner, batch_of, steps=1)
        after = averages_of(learner)
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            moved[number] += not torch.equal(old, new)
        before = after
    assert moved[1] == 200
    assert 25 < moved[0] < 75  # four deviations


def test_nothing_is_drawn_from_a_generator_of_all(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner = learner_with({"cls_er": OPTIONS})
    before = torch.get_rng_state()
    taught(learner, batch_of)
    assert torch.equal(torch.get_rng_state(), before)


def test_without_strength_it_is_replay(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    plain = taught(learner_with({"replay": {"batch": 5}}), batch_of)
    free: Any = taught(learner_with({"cls_er": OPTIONS | {"strength": 0.0}}), batch_of)
    assert torch.equal(free.parameters, plain.parameters)

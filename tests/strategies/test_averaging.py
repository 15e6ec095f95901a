"""What is served is the running average; what learns are the newest weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from tests.strategies.test_contract import assert_same, teach

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.batch import Batch
    from strategies.learner import Learner

    MakeBatch = Callable[..., Batch]
    MakeLearner = Callable[..., Learner]


def test_the_average_is_that_of_the_weights_after_each_step(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner = learner_with(averaging=0.9)
    expected = torch.zeros_like(learner.parameters)
    for step in range(1, 200):
        learner.learn(batch_of(step))
        kept = min(0.9, (step - 1) / (step + 8))
        expected = kept * expected + (1 - kept) * learner.parameters
        torch.testing.assert_close(learner.served, expected)


def test_learning_stays_the_same_and_predictions_are_those_of_the_average(
    learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    strategies = {"replay": {"rows": 20}, "ewc": {"strength": 3}}
    plain, averaged = learner_with(strategies), learner_with(strategies, averaging=0.99)
    batches = [batch_of(seed) for seed in range(12)]
    for learner in (plain, averaged):
        teach(learner, batches)
    assert torch.equal(plain.parameters, averaged.parameters)
    x = batch_of(99).x
    assert not torch.equal(plain.predict(x), averaged.predict(x))
    with plain.at(averaged.served):
        assert torch.equal(plain.predict(x), averaged.predict(x))
    assert torch.equal(plain.parameters, averaged.parameters), "to predict leaves what learns as it was"


def test_to_be_another_model_is_to_serve_it(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner = learner_with(averaging=0.9)
    untrained, x = learner.parameters.clone(), batch_of(99).x
    before = learner.predict(x)
    teach(learner, [batch_of(seed) for seed in range(5)])
    served = learner.predict(x)
    with learner.at(untrained):
        torch.testing.assert_close(learner.network.predict(learner.scale(x)), learner.predict(x))
    assert torch.equal(learner.predict(x), served)
    assert not torch.equal(before, served)


def test_a_rejected_step_leaves_the_average(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner = learner_with(averaging=0.9, scale=False)
    learner.learn(batch_of(0))
    before = learner.served.clone()
    wild = batch_of(1)
    wild.x[0] = float("nan")
    assert not learner.learn(wild).accepted
    assert torch.equal(learner.served, before)


def test_a_restored_average_goes_on_bit_for_bit(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    batches = [batch_of(seed) for seed in range(16)]
    straight = learner_with({"replay": {}}, averaging=0.9)
    teach(straight, batches[:8])
    resumed = learner_with({"replay": {}}, averaging=0.9, seed=5)
    resumed.load_state_dict(straight.state_dict())
    for learner in (straight, resumed):
        teach(learner, batches[8:])
    assert_same(straight.state_dict(), resumed.state_dict())


def test_a_checkpoint_without_an_average_is_refused(learner_with: MakeLearner) -> None:
    with pytest.raises(ValueError, match="average"):
        learner_with(averaging=0.9).load_state_dict(learner_with().state_dict())

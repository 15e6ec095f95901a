"""The pull is towards where learning started, or towards a file's weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import safetensors.torch
import torch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from strategies.learner import Learner

    MakeLearner = Callable[..., Learner]
    MakeBatch = Callable[..., Any]


def test_it_holds_from_the_first_step_on(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    held, free = learner_with({"l2sp": {"strength": 1.0}}), learner_with({})
    start = held.parameters.clone()
    for learner in (held, free):
        learner.learn(batch_of(0))
    assert torch.equal(dict(held.strategies)["l2sp"].state_dict()["anchor"], start)
    # s·α / (1 + s·α) is 1/11 for a step size of 0.1.
    torch.testing.assert_close(held.parameters - start, (free.parameters - start) * (10 / 11))


def test_no_boundary_moves_it(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner = learner_with({"l2sp": {}})
    start = learner.parameters.clone()
    for seed in range(3):
        learner.learn(batch_of(seed))
        learner.consolidate(seed)
    method = dict(learner.strategies)["l2sp"]
    assert torch.equal(method.state_dict()["anchor"], start)
    assert method.gauges() == {"anchor_active": 1, "consolidations": 1}


def test_it_pulls_towards_the_weights_of_a_file(
    tmp_path: Path, learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    other = learner_with({}, seed=5)
    file = tmp_path / "other.safetensors"
    safetensors.torch.save_file(dict(other.network.module.state_dict()), file)
    learner = learner_with({"l2sp": {"weights": str(file), "strength": 1e6}})
    assert not torch.equal(learner.parameters, other.parameters)
    learner.learn(batch_of(0))
    torch.testing.assert_close(learner.parameters, other.parameters, rtol=0, atol=1e-4)


def test_a_file_that_is_missing_or_another_is_refused_at_once(tmp_path: Path, learner_with: MakeLearner) -> None:
    with pytest.raises(ValueError, match=r"none\.safetensors cannot be read: No such file"):
        learner_with({"l2sp": {"weights": str(tmp_path / "none.safetensors")}})
    wrong = tmp_path / "wrong.safetensors"
    wrong.write_bytes(b"not what it says")
    with pytest.raises(ValueError, match="is not a safetensors file"):
        learner_with({"l2sp": {"weights": str(wrong)}})


@pytest.mark.parametrize(
    ("tensors", "held"), [({}, "nothing of that name"), ({"0.weight": torch.zeros(10, 5)}, r"the shape \(10, 5\)")]
)
def test_a_file_of_another_model_is_refused_at_the_first_step(
    tensors: dict[str, torch.Tensor],
    held: str,
    tmp_path: Path,
    learner_with: MakeLearner,
    batch_of: MakeBatch,
) -> None:
    file = tmp_path / "another.safetensors"
    safetensors.torch.save_file(tensors, file)
    learner = learner_with({"l2sp": {"weights": str(file)}})
    with pytest.raises(ValueError, match=rf"must hold 0\.weight of the shape \(10, 6\).*{held}"):
        learner.learn(batch_of(0))


@pytest.mark.parametrize(
    ("before", "now"),
    [({"replay": {}, "ewc": {}}, {"replay": {}, "l2sp": {}}), ({"derpp": {}}, {"derpp": {}, "l2sp": {}})],
)
def test_a_state_of_the_default_before_it_is_taken_up_and_drawn_to_the_initial_weights(
    before: dict[str, Any], now: dict[str, Any], learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    earlier, learner = learner_with(before), learner_with(now)
    initial = learner.parameters.clone()
    for seed in range(5):
        earlier.learn(batch_of(seed))
    learner.load_state_dict(earlier.state_dict())
    assert torch.equal(learner.parameters, earlier.parameters)
    assert torch.equal(learner.state_dict()["strategies"]["l2sp"]["anchor"], initial)
    rehearsed = learner.learn(batch_of(9)).rehearsed
    assert rehearsed == earlier.learn(batch_of(9)).rehearsed > 0


def test_clipping_the_gradient_does_not_bound_the_pull(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner = learner_with({"l2sp": {"strength": 1e9}}, clip_norm=1e-6)
    initial = learner.parameters.clone()
    learner.learn(batch_of(0))
    learner.parameters.add_(1.0)
    learner.learn(batch_of(1))
    assert (learner.parameters - initial).abs().max() < 1e-3


def test_a_decoupled_pull_is_as_strong_for_every_parameter_whatever_its_gradient(
    learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    options = {"strength": 5.0, "decoupled": True}
    pulled, free = (
        learner_with(strategies, optimizer={"type": "adam", "lr": 0.02}) for strategies in ({"l2sp": options}, {})
    )
    initial = free.parameters.clone()
    for learner in (pulled, free):
        learner.learn(batch_of(0))
    torch.testing.assert_close(pulled.parameters - initial, (free.parameters - initial) / (1 + 5.0 * 0.02))

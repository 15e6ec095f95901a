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

"""On a drift alarm, what came after the model that is consolidated has no part in how firmly it is held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.learner import Learner

    MakeLearner = Callable[..., Learner]
    MakeBatch = Callable[..., Any]

METHODS: dict[str, dict[str, Any]] = {
    "ewc": {"fisher": "empirical", "fisher_rows": 500},
    "mas": {"sample_rows": 500},
    "si": {},
}


def teach(learner: Learner, batch_of: MakeBatch, seeds: range) -> None:
    for seed in seeds:
        learner.learn(batch_of(seed))


def consolidated(learner: Learner, weights: torch.Tensor) -> None:
    with learner.at(weights):
        learner.consolidate(0)


def anchored(learner: Learner, method: str) -> dict[str, torch.Tensor]:
    state = learner.state_dict()["strategies"][method]
    return {name: state[name] for name in ("anchor", "importance")}


@pytest.mark.parametrize("method", METHODS)
def test_an_alarm_consolidates_what_was_gathered_before_the_older_mark(
    method: str, learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    calm, alarmed = (learner_with({method: METHODS[method]}, scale=False) for _ in range(2))
    teach(calm, batch_of, range(6))
    consolidated(calm, calm.parameters.clone())
    teach(alarmed, batch_of, range(6))
    before = alarmed.parameters.clone()
    alarmed.mark()
    teach(alarmed, batch_of, range(10, 14))
    alarmed.mark()
    teach(alarmed, batch_of, range(20, 24))
    alarmed.rewind()
    consolidated(alarmed, before)
    ours, theirs = anchored(alarmed, method), anchored(calm, method)
    torch.testing.assert_close(ours, theirs)
    assert theirs["importance"].max() > 0


@pytest.mark.parametrize("method", METHODS)
def test_the_marks_are_in_the_state(method: str, learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner = learner_with({method: METHODS[method]}, scale=False)
    teach(learner, batch_of, range(6))
    before = learner.parameters.clone()
    learner.mark()
    learner.mark()
    teach(learner, batch_of, range(10, 14))
    resumed = learner_with({method: METHODS[method]}, scale=False)
    resumed.load_state_dict(learner.state_dict())
    for each in (learner, resumed):
        each.rewind()
        consolidated(each, before)
    torch.testing.assert_close(anchored(resumed, method), anchored(learner, method), rtol=0, atol=0)


def test_the_path_after_the_mark_is_the_beginning_of_the_next(
    learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    learner = learner_with({"si": {}}, scale=False)
    teach(learner, batch_of, range(6))
    before, gathered = learner.parameters.clone(), learner.state_dict()["strategies"]["si"]["path"].clone()
    learner.mark()
    learner.mark()
    teach(learner, batch_of, range(10, 14))
    whole = learner.state_dict()["strategies"]["si"]["path"].clone()
    learner.rewind()
    consolidated(learner, before)
    state = learner.state_dict()["strategies"]["si"]
    torch.testing.assert_close(state["path"], whole - gathered)
    assert torch.equal(state["start"], before)

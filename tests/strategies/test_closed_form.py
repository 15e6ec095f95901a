from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from strategies.batch import Batch
from strategies.closed_form import ClosedFormLearner
from strategies.objective import Classification, Objective, Regression
from strategies.options.closed_form import ClosedFormOptions
from strategies.scaler import OnlineScaler
from tests.strategies.conftest import CLASSES, FEATURES
from tests.strategies.test_contract import assert_same, leaves, teach

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.any_learner import AnyLearner

KINDS = pytest.mark.parametrize("regression", [False, True], ids=["classes", "number"])


def closed_form(
    *, regression: bool = False, seed: int = 0, scale: bool = True, standardise: bool = True, **options: Any
) -> ClosedFormLearner:
    objective: Objective = Regression(standardise=standardise) if regression else Classification(CLASSES)
    return ClosedFormLearner(
        ClosedFormOptions(**{"features": 20} | options),
        features=FEATURES,
        objective=objective,
        generator=np.random.default_rng(seed),
        scaler=OnlineScaler(FEATURES) if scale else None,
    )


def labelled(seed: int, rows: int = 32, *, only: tuple[int, ...] = (0, 1, 2, 3)) -> Batch:
    """Rows whose class is the quadrant of their first two values; only these classes."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows * CLASSES * 2, FEATURES)).astype(np.float32)
    y = (x[:, 0] > 0) * 2 + (x[:, 1] > 0)
    kept = np.flatnonzero(np.isin(y, only))[:rows]
    return Batch(
        x=torch.from_numpy(x[kept]),
        y=torch.from_numpy(y[kept].astype(np.int64)),
        task=torch.zeros(len(kept), dtype=torch.int64),
        provenance=torch.full((len(kept), 4), -1),
    )


def accuracy(learner: AnyLearner, rows: Batch) -> float:
    answer = learner.objective.answer(learner.predict(rows.x)).value
    return float((answer == rows.y).double().mean())


def test_classes_that_come_one_after_another_are_told_apart_as_if_they_had_come_together() -> None:
    apart = [labelled(10 * label + turn, only=(label,)) for label in range(CLASSES) for turn in range(8)]
    mixed = [apart[place] for place in np.random.default_rng(0).permutation(len(apart))]
    test = labelled(999, rows=500)
    one, other = closed_form(features=100, scale=False), closed_form(features=100, scale=False)
    for learner, batches in ((one, apart), (other, mixed)):
        teach(learner, batches, boundary_every=8)
    assert accuracy(one, test) == pytest.approx(accuracy(other, test), abs=0.005)
    assert accuracy(one, test) > 0.85
    torch.testing.assert_close(one.parameters, other.parameters, rtol=1e-3, atol=1e-4)


def test_it_learns_from_the_first_block_on() -> None:
    learner, batch = closed_form(), labelled(0)
    teach(learner, [batch])
    assert learner.steps == 1
    assert accuracy(learner, batch) > 0.9


def test_random_features_find_what_the_inputs_alone_do_not() -> None:
    def exclusive_or(seed: int) -> Batch:
        rows = labelled(seed)
        return Batch(rows.x, (rows.y == 1).long() + (rows.y == 2).long(), rows.task, provenance=rows.provenance)

    found = {}
    for features in (0, 200):
        learner = closed_form(features=features, scale=False)
        teach(learner, [exclusive_or(seed) for seed in range(60)])
        found[features] = accuracy(learner, exclusive_or(999))
    assert found[0] < 0.75
    assert found[200] > 0.85


def test_its_confidence_is_that_of_logits_six_times_its_outputs() -> None:
    learner, rows = closed_form(scale=False), labelled(99)
    teach(learner, [rows] * 50)
    outputs = learner.predict(rows.x)
    sure = learner.objective.answer(outputs).confidence
    assert sure is not None
    torch.testing.assert_close(sure, torch.softmax(outputs, 1).amax(1))
    targets = learner.objective.targets(rows.y)
    assert float((outputs / 6 - targets).square().mean()) < 0.5 * float(targets.var())


def number_batch(seed: int, *, offset: float = 0.0, size: float = 1.0, rows: int = 32) -> Batch:
    rows_ = labelled(seed, rows=rows)
    return Batch(rows_.x, offset + size * rows_.x.sum(1), rows_.task, provenance=rows_.provenance)


@pytest.mark.parametrize("standardise", [False, True])
@pytest.mark.parametrize(("offset", "size"), [(0.0, 1.0), (1e4, 50.0)])
def test_a_number_is_predicted_in_its_own_units(offset: float, size: float, *, standardise: bool) -> None:
    learner = closed_form(regression=True, standardise=standardise)
    teach(learner, [number_batch(seed, offset=offset, size=size) for seed in range(30)])
    rows = number_batch(999, offset=offset, size=size, rows=200)
    error = learner.objective.answer(learner.predict(rows.x)).value - rows.y
    assert float(error.square().mean()) < 0.01 * float(rows.y.var())


def test_a_number_s_sums_stay_true_while_its_scale_moves() -> None:
    """Later targets are a hundred times as large; what was learned of the early ones is still right."""
    learner = closed_form(regression=True, scale=False, features=0, ridge=1e-3)
    teach(learner, [number_batch(seed) for seed in range(20)])
    far = [number_batch(seed) for seed in range(20, 40)]
    teach(learner, [Batch(100 * b.x, 100 * b.y, b.task, provenance=b.provenance) for b in far])
    rows = number_batch(999)
    error = learner.objective.answer(learner.predict(rows.x)).value - rows.y
    assert float(error.abs().max()) < 0.05


def test_an_untrained_one_says_the_mean_of_what_is_known_of_a_number() -> None:
    learner = closed_form(regression=True)
    rows = number_batch(0, offset=50)
    learner.prime(rows)
    answer = learner.objective.answer(learner.predict(rows.x)).value
    torch.testing.assert_close(answer, rows.y.mean().expand(len(rows)), rtol=1e-4, atol=1e-4)


def test_steps_again_on_the_same_rows_add_nothing() -> None:
    learner, batch = closed_form(), labelled(0)
    teach(learner, [batch])
    before = deepcopy(learner.state_dict())
    step = learner.learn(batch, again=True)
    assert step.accepted
    assert_same(before, learner.state_dict())


def test_a_boundary_lets_the_weights_know_of_all_events() -> None:
    learner = closed_form()
    teach(learner, [labelled(seed) for seed in range(20)] + [labelled(20, rows=2)], boundary_every=99)
    stale = learner.parameters.clone()
    with learner.at(torch.zeros_like(stale)):
        learner.consolidate(0)
        assert not learner.parameters.any(), "the model from before a drift is left as it is"
    assert torch.equal(learner.parameters, stale)
    learner.consolidate(0)
    assert not torch.equal(learner.parameters, stale)


def test_within_the_context_it_is_another_model_and_afterwards_itself() -> None:
    learner, rows = closed_form(), labelled(99)
    teach(learner, [labelled(0)])
    past, before = learner.served.clone(), learner.predict(rows.x)
    teach(learner, [labelled(seed) for seed in range(1, 9)])
    now = learner.predict(rows.x)
    with learner.at(past):
        assert not torch.equal(learner.predict(rows.x), now)
    assert torch.equal(learner.predict(rows.x), now)
    assert before.shape == now.shape


@KINDS
def test_one_that_becomes_another_says_what_that_one_says_without_its_sums(*, regression: bool) -> None:
    one, other = closed_form(regression=regression), closed_form(regression=regression, seed=5)
    batches = [number_batch(seed) if regression else labelled(seed) for seed in range(9)]
    teach(one, batches)
    other.become(one)
    assert torch.equal(one.predict(batches[0].x), other.predict(batches[0].x))
    assert other.state_dict()["ridge"]["gram"].numel() == 0


# What test_contract.py asks of a learner with strategies.


@KINDS
@pytest.mark.parametrize("options", [{}, {"forgetting": 0.99}, {"features": 0}, {"solve_every": 1}], ids=str)
def test_a_restored_learner_goes_on_bit_for_bit(
    options: dict[str, Any], *, regression: bool, batch_of: Callable[..., Batch]
) -> None:
    batches = [batch_of(seed, regression=regression) for seed in range(24)]
    straight = closed_form(regression=regression, **options)
    teach(straight, batches[:12])
    resumed = closed_form(regression=regression, seed=99, **options)
    resumed.load_state_dict(deepcopy(straight.state_dict()))
    teach(straight, batches[12:])
    teach(resumed, batches[12:])
    assert_same(straight.state_dict(), resumed.state_dict())


@KINDS
def test_a_step_that_is_not_finite_changes_nothing_learned(
    *, regression: bool, batch_of: Callable[..., Batch]
) -> None:
    learner = closed_form(regression=regression, scale=False)
    teach(learner, [batch_of(seed, regression=regression) for seed in range(6)])
    before = deepcopy(leaves(learner.state_dict()))
    poison = batch_of(7, regression=regression)
    poison.x[3, 2] = 3e38
    poison.x[4, 2] = -3e38
    assert not learner.learn(poison).accepted
    after = leaves(learner.state_dict())
    assert after[".rejected_steps"] == before.pop(".rejected_steps") + 1
    assert_same(before, {path: after[path] for path in before})


@KINDS
def test_memory_does_not_grow_with_the_stream(*, regression: bool, batch_of: Callable[..., Batch]) -> None:
    learner = closed_form(regression=regression)

    def size() -> int:
        columns = leaves(learner.state_dict()).values()
        return sum(torch.as_tensor(c).nbytes for c in columns if isinstance(c, torch.Tensor | np.ndarray))

    batches = [batch_of(seed, rows=256, regression=regression) for seed in range(5)]
    teach(learner, batches)
    full = size()
    teach(learner, batches)
    assert size() == full


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"features": 21}, "random features"),
        ({"scale": False}, "only one scales"),
        ({"regression": True}, "only one scales"),
    ],
)
def test_a_state_of_another_configuration_is_refused(other: dict[str, Any], message: str) -> None:
    learner = closed_form()
    teach(learner, [labelled(0)])
    with pytest.raises(ValueError, match=message):
        closed_form(**other).load_state_dict(learner.state_dict())


def test_a_network_and_a_closed_form_refuse_each_other_s_state(learner_with: Callable[..., AnyLearner]) -> None:
    network, solved = learner_with({}), closed_form()
    with pytest.raises(ValueError, match="is a network, the configured one closed_form"):
        solved.load_state_dict(network.state_dict())
    with pytest.raises(ValueError, match="optimizer"):
        network.load_state_dict(solved.state_dict())


@pytest.mark.parametrize(
    "options",
    [{"features": -1}, {"forgetting": 0.0}, {"forgetting": 1.1}, {"ridge": 0.0}, {"solve_every": 0}],
    ids=str,
)
def test_options_out_of_range_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Input should be"):
        ClosedFormOptions(**options)

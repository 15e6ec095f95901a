"""The learning rate follows the written formulas, counts only steps made, and both optimizers move by it."""

from __future__ import annotations

import json
from math import cos, pi, sqrt
from typing import TYPE_CHECKING, Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from strategies.optimizers import OPTIMIZERS
from strategies.optimizers.schedule import LearningRate
from strategies.options.optimizers.schedule import ScheduleOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.batch import Batch
    from strategies.learner import Learner

LR = 0.1

CASES: dict[str, tuple[dict[str, Any], Callable[[int], float]]] = {
    "constant": ({}, lambda _: 0.1),
    "warm-up": ({"warm_up": 4}, lambda n: 0.1 * min(1, (n + 1) / 4)),
    "warm-up from a floor": ({"warm_up": 4, "floor": 0.02}, lambda n: 0.02 + 0.08 * min(1, (n + 1) / 4)),
    "cosine": ({"type": "cosine", "steps": 10}, lambda n: 0.05 * (1 + cos(pi * min(n, 10) / 10))),
    "cosine to a floor": (
        {"type": "cosine", "steps": 10, "floor": 0.04},
        lambda n: 0.04 + 0.06 * (1 + cos(pi * min(n, 10) / 10)) / 2,
    ),
    "inverse square root": ({"type": "inverse_sqrt", "steps": 5}, lambda n: 0.1 * sqrt(5 / (n + 5))),
    "step": ({"type": "step", "steps": 3, "factor": 0.1}, lambda n: 0.1 / 10 ** (n // 3)),
    "capped": ({"type": "inverse_sqrt", "steps": 5, "cap": 0.07}, lambda n: min(0.07, 0.1 * sqrt(5 / (n + 5)))),
    "warm-up, then step": (
        {"type": "step", "steps": 3, "warm_up": 2},
        lambda n: 0.05 if n == 0 else 0.1 * 0.5 ** ((max(n, 2) - 2) // 3),
    ),
}


def rates(rate: LearningRate, steps: int) -> list[float]:
    return [rate.advance() for _ in range(steps)]


@pytest.mark.parametrize("case", CASES)
def test_the_rate_of_every_step_is_that_of_the_formula(case: str) -> None:
    options, formula = CASES[case]
    rate = LearningRate(LR, ScheduleOptions(**options))
    assert rates(rate, 25) == pytest.approx([formula(n) for n in range(25)], rel=1e-12)
    assert rate.coming == pytest.approx(formula(25), rel=1e-12)


def test_a_boundary_restarts_the_schedule_only_where_that_is_asked_for() -> None:
    fall: dict[str, Any] = {"type": "step", "steps": 1, "factor": 0.5}
    straight = LearningRate(LR, ScheduleOptions(**fall))
    restarting = LearningRate(LR, ScheduleOptions(**fall, restart="boundary"))
    for rate in (straight, restarting):
        rates(rate, 3)
        rate.boundary()
    assert straight.advance() == pytest.approx(LR / 8)
    assert restarting.advance() == pytest.approx(LR)


def test_each_boundary_lowers_the_rate_by_its_factor_down_to_the_floor() -> None:
    rate = LearningRate(LR, ScheduleOptions(per_boundary=0.5, floor=0.02))
    seen = []
    for _ in range(5):
        seen.append(rate.advance())
        rate.boundary()
    assert seen == pytest.approx([0.1, 0.05, 0.025, 0.02, 0.02])


@given(
    kind=st.sampled_from(["constant", "cosine", "inverse_sqrt", "step"]),
    warm_up=st.integers(0, 5),
    floor=st.floats(0, LR),
    cap=st.floats(LR / 100, 1),
    moves=st.lists(st.booleans(), max_size=40),
)
def test_no_rate_ever_leaves_floor_and_cap_and_a_restored_one_goes_on_alike(
    kind: str, warm_up: int, floor: float, cap: float, moves: list[bool]
) -> None:
    floor = min(floor, cap)
    steps = {} if kind == "constant" else {"steps": 3}
    schedule = ScheduleOptions.model_validate(
        {"type": kind, "warm_up": warm_up, "floor": floor, "cap": cap, "restart": "boundary", **steps}
    )
    straight, resumed = LearningRate(LR, schedule), LearningRate(LR, schedule)
    for boundary in moves:
        if boundary:
            straight.boundary()
        else:
            assert floor <= straight.advance() <= min(LR, cap) + 1e-15
    resumed.load_state_dict(json.loads(json.dumps(straight.state_dict())))
    assert resumed.last == straight.last
    assert rates(resumed, 8) == rates(straight, 8)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_an_optimizer_moves_by_the_rate_and_says_so(name: str) -> None:
    kind = OPTIMIZERS[name].load()
    schedule = {"type": "step", "steps": 1, "factor": 0.25, "restart": "boundary"}
    scheduled = kind(kind.Options(type=name, lr=LR, schedule=schedule), parameters=2)
    plain = kind(kind.Options(type=name, lr=LR), parameters=2)
    # The first step of both: the same gradient, the same rate. The second: a quarter of the way.
    gradient = torch.tensor([1.0, -2.0])
    for share in (1.0, 0.25, 0.0625):
        assert scheduled.learning_rate == pytest.approx(LR * share)
        ours, theirs = torch.zeros(2), torch.zeros(2)
        scheduled.step(ours, gradient.clone())
        plain.step(theirs, gradient.clone())
        torch.testing.assert_close(ours, theirs * share)
        torch.testing.assert_close(
            torch.as_tensor(scheduled.step_size()), torch.as_tensor(plain.step_size()) * share
        )
    scheduled.boundary()
    assert scheduled.learning_rate == pytest.approx(LR)


def test_an_anchor_follows_a_step_size_that_changes(
    learner_with: Callable[..., Learner], batch_of: Callable[..., Batch]
) -> None:
    learner = learner_with({"ewc": {"strength": 100.0}})
    learner.learn(batch_of(0))
    learner.consolidate(0)
    ewc = dict(learner.strategies)["ewc"]
    anchor = torch.as_tensor(ewc.state_dict()["anchor"]).clone()

    def pulled(step_size: float) -> torch.Tensor:
        away = anchor + 1
        ewc.anchor(away, step_size)
        return (anchor + 1 - away).double()

    # s·h / (1 + s·h) of the way back: the first size says what h is, for all others.
    first = pulled(0.1)
    precision = first / (1 - first) / 0.1
    for step_size in (0.01, 0.01, 0.1, 0.05):
        expected = step_size * precision / (1 + step_size * precision)
        torch.testing.assert_close(pulled(step_size), expected, rtol=1e-3, atol=1e-6)


def test_a_rejected_step_is_not_counted(
    learner_with: Callable[..., Learner], batch_of: Callable[..., Batch]
) -> None:
    learner = learner_with(optimizer={"type": "sgd", "lr": LR, "schedule": {"warm_up": 10}}, scale=False)
    learner.learn(batch_of(0))
    poison = batch_of(1)
    poison.x[0, 0] = float("inf")
    assert not learner.learn(poison).accepted
    assert learner.learning_rate == pytest.approx(LR * 2 / 10)


def test_a_consolidation_is_the_boundary_that_a_schedule_restarts_at(
    learner_with: Callable[..., Learner], batch_of: Callable[..., Batch]
) -> None:
    schedule = {"type": "step", "steps": 1, "factor": 0.5, "restart": "boundary"}
    learner = learner_with(optimizer={"type": "adam", "lr": LR, "schedule": schedule})
    learner.learn(batch_of(0))
    assert learner.learning_rate == pytest.approx(LR / 2)
    learner.consolidate(0)
    assert learner.learning_rate == pytest.approx(LR)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"type": "cosine"}, "of type cosine needs steps"),
        ({"steps": 3}, "a constant schedule has no steps"),
        ({"type": "cosine", "steps": 3, "factor": 0.5}, "factor belongs to a schedule of type step"),
        ({"floor": 0.2, "cap": 0.1}, r"cap 0\.1 lies below floor 0\.2"),
    ],
)
def test_a_schedule_that_contradicts_itself_is_refused_with_the_reason(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ScheduleOptions(**options)


def test_a_floor_above_the_learning_rate_is_refused() -> None:
    for kind in (each.load() for each in OPTIMIZERS.values()):
        with pytest.raises(ValidationError, match=r"schedule\.floor 0\.2 lies above lr 0\.1"):
            kind.Options.model_validate({"lr": 0.1, "schedule": {"floor": 0.2}})

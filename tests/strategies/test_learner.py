"""An update is its moments in their order, taken whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from strategies.batch import Batch
from strategies.learner import Learner
from strategies.network import Network
from strategies.objective import Classification
from strategies.optimizers.sgd import Sgd
from strategies.options import Options
from strategies.options.optimizers.sgd import SgdOptions
from strategies.strategy import Setting, Strategy
from strategies.training_batch import Rehearsal, TrainingBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    MakeLearner = Callable[..., Learner]
    MakeBatch = Callable[..., Batch]
    Extra = Callable[[torch.Tensor], torch.Tensor]

CLASSES = 4


class Script(Strategy):
    """Does at each moment what a test tells it, and notes that it was called."""

    Options = Options

    def __init__(
        self,
        *,
        memory: Batch | None = None,
        weight: float | None = None,
        hidden: torch.Tensor | None = None,
        extra: Extra | None = None,
        factor: float = 1.0,
    ) -> None:
        setting = Setting(
            features=6, outputs=CLASSES, classification=True, batch_rows=8, generator=np.random.default_rng(0)
        )
        super().__init__(Options(type="script"), setting=setting)
        self.calls: list[str] = []
        self.observed: list[int] = []
        self.steps_seen: list[int] = []
        self._memory = memory
        self._weight = weight
        self._hidden = hidden
        self._extra = extra
        self._factor = factor

    def rehearse(self, fresh: Batch) -> Sequence[Rehearsal]:
        self.calls.append("rehearse")
        return () if self._memory is None else (Rehearsal(self._memory, weight=self._weight),)

    def hide(self, fresh: Batch) -> torch.Tensor | None:
        self.calls.append("hide")
        return self._hidden

    def distil(
        self, learner: Learner, outputs: torch.Tensor, batch: TrainingBatch, *, own: slice, gradient: torch.Tensor
    ) -> torch.Tensor | None:
        self.calls.append(f"distil {len(outputs)} {batch.fresh} {own.start}:{own.stop}")
        if self._extra is None:
            return None
        with torch.enable_grad():
            leaf = outputs.clone().requires_grad_()
            loss = self._extra(leaf)
        gradient += torch.autograd.grad(loss, leaf)[0]
        return loss.detach()

    def constrain(self, learner: Learner, gradient: torch.Tensor) -> None:
        self.calls.append("constrain")
        gradient.mul_(self._factor)

    def anchor(self, parameters: torch.Tensor, step_size: float | torch.Tensor) -> None:
        self.calls.append(f"anchor {step_size}")

    def observe(self, learner: Learner, fresh: Batch, outputs: torch.Tensor) -> None:
        assert outputs.shape == (len(fresh), CLASSES)
        self.calls.append("observe")
        self.observed.append(len(fresh))
        self.steps_seen.append(learner.steps)

    def consolidate(self, learner: Learner, task: int) -> None:
        self.calls.append(f"consolidate {task}")


class Silent(Strategy):
    """Does nothing at any moment."""

    Options = Options


def learner_of(
    *strategies: tuple[str, Strategy], module: nn.Module | None = None, lr: float = 0.1, **options: Any
) -> Learner:
    torch.manual_seed(0)
    network = Network(module or nn.Sequential(nn.Linear(6, 7), nn.Tanh(), nn.Linear(7, CLASSES)))
    optimizer = Sgd(SgdOptions(lr=lr), parameters=len(network.parameters))
    objective = Classification(CLASSES)
    return Learner(network, objective=objective, optimizer=optimizer, strategies=strategies, **options)


def expected_step(learner: Learner, parts: Sequence[Batch], *, pull: float = 0.0, lr: float = 0.1) -> torch.Tensor:
    """Return the parameters after one step, by autograd on the written loss."""
    batch = Batch.concatenate(parts)
    parameters = [p for p in learner.network.module.parameters() if p.requires_grad]
    outputs = learner.network.module(batch.x)
    loss = F.cross_entropy(outputs, batch.y) + pull * outputs.square().mean()
    gradient = torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss, parameters)])
    return learner.parameters - lr * gradient


def test_a_step_without_strategies_is_a_plain_one(batch_of: MakeBatch) -> None:
    learner, batch = learner_of(), batch_of(0)
    expected = expected_step(learner, [batch])
    loss = F.cross_entropy(learner.network.module(batch.x), batch.y).item()
    step = learner.learn(batch)
    torch.testing.assert_close(learner.parameters, expected)
    assert step.loss == pytest.approx(loss)
    assert (step.rows, step.rehearsed, step.accepted, learner.steps) == (8, 0, True, 1)


def test_the_loss_is_the_mean_over_fresh_and_rehearsed_rows(batch_of: MakeBatch) -> None:
    memories = [batch_of(1, rows=20), batch_of(2, rows=3)]
    learner, fresh = (
        learner_of(*[(f"{m}", Script(memory=memory)) for m, memory in enumerate(memories)]),
        batch_of(0),
    )
    expected = expected_step(learner, [fresh, *memories])
    step = learner.learn(fresh)
    torch.testing.assert_close(learner.parameters, expected)
    assert (step.rows, step.rehearsed) == (8, 23)


def test_distillation_reaches_the_parameters(batch_of: MakeBatch) -> None:
    memory, fresh = batch_of(1, rows=5), batch_of(0)
    learner = learner_of(
        ("one", Script(memory=memory, extra=lambda outputs: 2 * outputs.square().mean())),
        ("other", Script(extra=lambda outputs: outputs.square().mean())),
    )
    outputs = learner.network.module(Batch.concatenate([fresh, memory]).x)
    plain = F.cross_entropy(outputs, torch.cat([fresh.y, memory.y])).item()
    extra = 3 * outputs.square().mean().item()
    expected = expected_step(learner, [fresh, memory], pull=3.0)
    step = learner.learn(fresh)
    torch.testing.assert_close(learner.parameters, expected)
    assert step.loss == pytest.approx(plain + extra)


def test_the_moments_come_in_order_and_each_strategy_in_its_turn(batch_of: MakeBatch) -> None:
    calls: list[str] = []
    first, second = Script(memory=batch_of(1, rows=2)), Script()
    first.calls = second.calls = calls
    learner = learner_of(("first", first), ("silent", Silent(None, setting=first.setting)), ("second", second))
    learner.learn(batch_of(0))
    learner.consolidate(3)
    assert calls == [
        *["rehearse"] * 2,
        *["hide"] * 2,
        *["distil 10 8 8:10", "distil 10 8 10:10"],
        *["constrain"] * 2,
        *["anchor 0.1"] * 2,
        *["observe"] * 2,
        *["consolidate 3"] * 2,
    ]
    assert first.observed == [8]
    assert first.steps_seen == [1]


def test_rows_are_observed_once_however_many_steps_they_get(batch_of: MakeBatch) -> None:
    script = Script()
    learner = learner_of(("script", script))
    learner.learn(batch_of(0))
    learner.learn(batch_of(0), again=True)
    learner.learn(batch_of(0), again=True)
    assert script.observed == [8, 0, 0]
    assert script.steps_seen == [1, 2, 3]


@pytest.mark.parametrize("strategies", [{"replay": {"rows": 50}, "ewc": {"every_events": 30}}])
def test_several_steps_on_the_same_rows_fill_no_memory_twice(
    strategies: dict[str, Any], learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    learner = learner_with(strategies)
    for seed in range(5):
        for update in range(4):
            learner.learn(batch_of(seed), again=update > 0)
    replay, ewc = (strategy for _, strategy in learner.strategies)
    assert replay.gauges()["buffer_seen_rows"] == 40
    assert ewc.gauges()["consolidations"] == 1


@pytest.mark.parametrize(("clip_norm", "clipped"), [(1e-3, True), (1e3, False)])
def test_a_long_gradient_is_clipped_and_a_short_one_is_not(
    clip_norm: float, *, clipped: bool, batch_of: MakeBatch
) -> None:
    free, bound = learner_of(), learner_of(clip_norm=clip_norm)
    start = free.parameters.clone()
    for learner in (free, bound):
        learner.learn(batch_of(0))
    full, taken = start - free.parameters, start - bound.parameters
    if clipped:
        assert taken.norm().item() == pytest.approx(0.1 * clip_norm, rel=1e-2)
        assert torch.cosine_similarity(taken, full, dim=0) > 0.999
    else:
        assert torch.equal(taken, full)


@pytest.mark.parametrize("value", [float("nan"), float("-inf")])
def test_a_step_that_is_not_finite_is_rejected_whole(value: float, batch_of: MakeBatch) -> None:
    script = Script()
    module = nn.Sequential(nn.Linear(6, 7), nn.BatchNorm1d(7), nn.ReLU(), nn.Linear(7, CLASSES))
    learner = learner_of(("script", script), module=module)
    learner.learn(batch_of(0))
    state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    poison = batch_of(1)
    poison.x[2, 3] = value
    script.calls.clear()
    step = learner.learn(poison)
    assert not step.accepted
    assert (learner.steps, learner.rejected_steps) == (1, 1)
    assert not {"observe", "anchor 0.1"} & set(script.calls)
    assert all(torch.equal(tensor, state[name]) for name, tensor in module.state_dict().items())
    assert learner.learn(batch_of(2)).accepted


@pytest.mark.parametrize(
    "extra",
    [
        lambda outputs: 0 * outputs.sum() + float("inf"),
        lambda outputs: (outputs - outputs.detach()).square().sum().sqrt(),  # zero, and steep without end
    ],
    ids=["loss", "gradient"],
)
def test_loss_or_gradient_alone_can_reject_a_step(extra: Extra, batch_of: MakeBatch) -> None:
    learner = learner_of(("script", Script(extra=extra)))
    before = learner.parameters.clone()
    assert not learner.learn(batch_of(0)).accepted
    assert torch.equal(learner.parameters, before)


@pytest.mark.parametrize("factor", [float("nan"), float("inf"), 3e38])
def test_a_gradient_that_a_strategy_spoils_rejects_the_step(factor: float, batch_of: MakeBatch) -> None:
    script = Script(factor=factor)
    learner = learner_of(("script", script))
    before = learner.parameters.clone()
    assert not learner.learn(batch_of(0)).accepted
    assert (learner.steps, learner.rejected_steps) == (0, 1)
    assert torch.equal(learner.parameters, before)
    assert not {"observe", "anchor 0.1"} & set(script.calls)


def test_at_is_another_model_for_a_while_and_then_the_same(batch_of: MakeBatch) -> None:
    learner, x = learner_of(), batch_of(0).x
    past, before = learner.parameters.clone(), learner.predict(x)
    learner.learn(batch_of(1))
    now = learner.predict(x)
    with learner.at(past):
        assert torch.equal(learner.predict(x), before)
    assert torch.equal(learner.predict(x), now)

    def fail() -> None:
        with learner.at(past):
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert torch.equal(learner.predict(x), now)


def test_rehearsed_rows_are_scaled_by_what_is_known_today(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    """A row is remembered as it arrived: once the stream has moved, it is learned on the new scale."""
    learner = learner_with({"replay": {"rows": 8}})
    learner.absorb(batch_of(0).x)
    learner.learn(batch_of(0))
    seen: list[torch.Tensor] = []
    forward = learner.network.forward

    def watched(x: torch.Tensor, task: torch.Tensor | None = None) -> torch.Tensor:
        seen.append(x.clone())
        return forward(x, task)

    learner.network.forward = watched  # type: ignore[method-assign] # to see what it is given
    later = batch_of(1)
    later.x.mul_(100).add_(1000)
    learner.absorb(later.x)
    learner.learn(later)
    replay = learner.strategies[0][1].memory  # type: ignore[attr-defined] # it is a Replay
    remembered = {tuple(row) for row in learner.scale(replay.rows().x).tolist()}
    fresh = {tuple(row) for row in learner.scale(batch_of(0).x).tolist()}
    assert {tuple(row) for row in seen[0][8:].tolist()} <= fresh
    assert remembered


def test_predicting_leaves_no_trace(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner = learner_with({"replay": {}})
    learner.absorb(batch_of(0).x)
    before = learner.state_dict()["network"]["parameters"].clone()
    outputs = learner.predict(batch_of(1).x)
    assert not outputs.requires_grad
    assert torch.equal(outputs, learner.predict(batch_of(1).x))
    assert torch.equal(learner.parameters, before)


@pytest.mark.parametrize(
    ("saved", "configured", "message"),
    [
        ({"strategies": {"ewc": {}}}, {"strategies": {"replay": {}}}, r"strategies are \['ewc'\], .* \['replay'\]"),
        ({"optimizer": {"type": "adam"}}, {}, "optimizer holds"),
        ({"scale": False}, {}, "only one scales its inputs"),
        ({"regression": True}, {}, "objective holds"),
        ({"model": {"type": "mlp", "hidden": [3]}}, {}, "model has"),
    ],
)
def test_a_state_of_another_configuration_is_refused(
    saved: dict[str, Any], configured: dict[str, Any], message: str, learner_with: MakeLearner
) -> None:
    state = learner_with(**saved).state_dict()
    with pytest.raises(ValueError, match=message):
        learner_with(**configured).load_state_dict(state)


def test_a_restored_learner_drops_out_the_same_units(batch_of: MakeBatch) -> None:
    def dropping() -> Learner:
        return learner_of(module=nn.Sequential(nn.Linear(6, 30), nn.Dropout(0.5), nn.Linear(30, CLASSES)))

    straight = dropping()
    straight.learn(batch_of(0))
    state = straight.state_dict()
    saved = {**state, "network": {"parameters": straight.parameters.clone(), "fixed": {}}}
    straight.learn(batch_of(1))
    resumed = dropping()
    resumed.load_state_dict(saved)
    resumed.learn(batch_of(1))
    assert torch.equal(straight.parameters, resumed.parameters)

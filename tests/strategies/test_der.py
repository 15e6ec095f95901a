"""DER keeps what the model said of rows; DER++ their labels too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch.nn import functional as F

from strategies.der import Der, DerPlusPlus
from strategies.training_batch import TrainingBatch
from tests.strategies.conftest import CLASSES, ROWS

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.batch import Batch
    from strategies.learner import Learner

    MakeBatch = Callable[..., Batch]
    MakeLearner = Callable[..., Learner]


def taught(learner: Learner, batches: list[Batch]) -> Learner:
    for batch in batches:
        learner.absorb(batch.x)
        learner.objective.absorb(batch.y)
        learner.learn(batch)
    return learner


def test_outputs_are_those_of_the_step_that_first_learned_the_row(
    learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    learner = learner_with({"der": {"rows": 100}}, scale=False)
    batch = batch_of(0)
    said = learner.predict(batch.x)
    learner.learn(batch)
    learner.learn(batch, again=True)
    memory = dict(learner.strategies)["der"].memory  # type: ignore[attr-defined] # it is a Der
    assert len(memory) == 8
    slots = memory.admission.admit(torch.zeros(0).numpy())[1]
    assert not len(slots)
    stored = memory.storage.outputs(torch.arange(8).numpy())
    torch.testing.assert_close(stored, said, rtol=2**-10, atol=1e-6)


@pytest.mark.parametrize("regression", [False, True], ids=["classes", "number"])
@pytest.mark.parametrize(("name", "options"), [("der", {"alpha": 0.7}), ("derpp", {"alpha": 0.3, "beta": 0.9})])
def test_the_step_is_that_of_autograd_on_the_written_loss(
    name: str, options: dict[str, Any], learner_with: MakeLearner, batch_of: MakeBatch, *, regression: bool
) -> None:
    learner = learner_with({name: options | {"batch": 5}}, scale=False, regression=regression)
    taught(learner, [batch_of(seed, regression=regression) for seed in range(4)])
    strategy: Any = dict(learner.strategies)[name]
    fresh = batch_of(9, regression=regression)
    before = learner.parameters.clone()

    # What is drawn in this step, seen by drawing it from the same state once before.
    state = strategy.state_dict()
    state = {key: (dict(value) if isinstance(value, dict) else value) for key, value in state.items()}
    drawn = strategy.rehearse(fresh)
    old = remembered(learner, strategy)
    strategy.load_state_dict(state)

    with torch.enable_grad():
        module = learner.network.module
        parameters = list(module.parameters())
        loss = label_loss(learner, module(fresh.x), fresh)
        by_weight = {rehearsal.weight: rehearsal.rows for rehearsal in drawn}
        loss = loss + options["alpha"] * F.mse_loss(module(by_weight[0.0].x), old)
        if name == "derpp":
            rows = by_weight[options["beta"]]
            loss = loss + options["beta"] * label_loss(learner, module(rows.x), rows)
        gradient = torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss, parameters)])
    step = learner.learn(fresh)
    assert step.loss == pytest.approx(loss.item(), rel=1e-5)
    torch.testing.assert_close(learner.parameters, before - 0.1 * gradient, rtol=1e-4, atol=1e-6)


def remembered(learner: Learner, strategy: Any) -> torch.Tensor:
    said: torch.Tensor = strategy.memory.storage.outputs(strategy._drawn)
    units = learner.objective.units
    return said if units is None else units.outputs(said)


def label_loss(learner: Learner, outputs: torch.Tensor, rows: Any) -> torch.Tensor:
    if learner.objective.classification:
        return F.cross_entropy(outputs, rows.y)
    scaler = learner.objective._scaler  # type: ignore[attr-defined]
    return 0.5 * F.mse_loss(outputs, scaler.scale(rows.y.unsqueeze(1)))


def test_a_number_is_remembered_in_its_own_units(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner = taught(learner_with({"der": {"rows": 100}}, regression=True), [batch_of(0, regression=True)])
    memory = dict(learner.strategies)["der"].memory  # type: ignore[attr-defined] # it is a Der
    slots = torch.arange(8).numpy()
    said = memory.storage.outputs(slots)
    learner.objective.absorb(torch.full((1000,), 101_325.0))
    assert torch.equal(memory.storage.outputs(slots), said)
    far = batch_of(1, regression=True)
    learner.learn(far)
    units = learner.objective.units
    assert units is not None
    assert abs(units.zero - 101_325) < 2000
    stored = memory.storage.outputs(torch.arange(8, 16).numpy())
    assert (stored - units.zero).abs().max() < 5 * units.one
    torch.testing.assert_close(memory.storage.outputs(slots), said, rtol=0, atol=2**-10 * (units.zero + 10))


def test_what_is_said_while_a_target_jumps_is_not_remembered_as_it_is(
    learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    learner = taught(learner_with({"der": {"rows": 100}}, regression=True), [batch_of(0, regression=True)])
    strategy: Any = dict(learner.strategies)["der"]
    fresh = batch_of(1, regression=True)
    strategy.observe(learner, fresh, torch.full((len(fresh), 1), 400.0))
    units = learner.objective.units
    assert units is not None
    slots = torch.arange(len(fresh), 2 * len(fresh)).numpy()
    kept = units.outputs(strategy.memory.storage.outputs(slots))
    torch.testing.assert_close(kept, torch.full((len(fresh), 1), 8.0), rtol=0, atol=0.01)


@pytest.mark.parametrize("method", ["der", "cls_er"])
def test_room_for_classes_that_never_come_does_not_thin_out_what_is_kept(
    method: str, learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    def pull(classes: int) -> torch.Tensor:
        """The gradient on the outputs of the classes that have come, from what is remembered alone."""
        learner = learner_with({method: {"rows": 50, "batch": 6}}, scale=False, classes=classes)
        taught(learner, [batch_of(seed) for seed in range(3)])
        strategy: Any = dict(learner.strategies)[method]
        drawn = strategy.rehearse(batch_of(9))[0].rows
        training = TrainingBatch(drawn.x, drawn.y, drawn.task, fresh=0, weight=None)
        outputs = torch.zeros(len(drawn), classes)
        outputs[:, :CLASSES] = torch.arange(CLASSES) * 3.0
        gradient = torch.zeros_like(outputs)
        strategy.distil(learner, outputs, training, own=slice(0, len(drawn)), gradient=gradient)
        assert not gradient[:, CLASSES:].any()
        return gradient[:, :CLASSES]

    narrow, wide = pull(CLASSES), pull(1000)
    assert wide.norm() > 0.5 * narrow.norm()


def test_what_all_known_outputs_have_in_common_counts_only_where_there_is_no_room_for_more(
    learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    for classes, raised in ((CLASSES, 2.0), (CLASSES + 1, 0.0)):
        learner = taught(learner_with({"der": {"rows": 50}}, scale=False, classes=classes), [batch_of(0)])
        strategy: Any = dict(learner.strategies)["der"]
        outputs = torch.randn(ROWS, classes, generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(
            strategy.distance(outputs + 2, outputs), torch.full((ROWS, CLASSES), raised), rtol=0, atol=1e-5
        )


def test_an_empty_memory_changes_nothing(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    plain, dark = learner_with(), learner_with({"derpp": {}})
    for learner in (plain, dark):
        taught(learner, [batch_of(0)])
    assert torch.equal(plain.parameters, dark.parameters)


def test_a_row_takes_two_bytes_more_for_each_output(learner_with: MakeLearner) -> None:
    learner = learner_with({"replay": {"bytes": 10_000}, "derpp": {"bytes": 10_000}})
    replay, derpp = (strategy for _, strategy in learner.strategies)
    assert isinstance(derpp, DerPlusPlus)
    assert isinstance(derpp, Der)
    assert replay.gauges()["buffer_capacity_rows"] == 10_000 // 62
    assert derpp.gauges()["buffer_capacity_rows"] == 10_000 // (62 + 2 * CLASSES)
    assert derpp.gauges()["buffer_bytes"] <= 10_000

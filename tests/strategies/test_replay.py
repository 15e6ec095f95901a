"""Replay rehearses the past within its budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from strategies.options.replay import ReplayOptions
from strategies.replay import Replay
from strategies.row_size import row_bytes
from strategies.strategy import Setting

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.batch import Batch
    from strategies.learner import Learner

    MakeLearner = Callable[..., Learner]
    MakeBatch = Callable[..., Batch]


def replay_of(*, features: int = 6, classification: bool = True, **options: Any) -> Replay:
    setting = Setting(
        features=features,
        outputs=4,
        classification=classification,
        batch_rows=8,
        generator=np.random.default_rng(0),
    )
    return Replay(ReplayOptions(**options), setting=setting)


def shown(replay: Replay, learner: Learner, batches: list[Batch]) -> Replay:
    for batch in batches:
        replay.observe(learner, batch, torch.zeros(len(batch), 4))
    return replay


def test_an_empty_buffer_rehearses_nothing(batch_of: MakeBatch) -> None:
    assert not replay_of().rehearse(batch_of(0))


@pytest.mark.parametrize(("options", "rows"), [({}, 8), ({"batch": 3}, 3), ({"batch": 50}, 50)])
def test_a_step_rehearses_a_micro_batch_unless_told(
    options: dict[str, Any], rows: int, learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    replay = shown(replay_of(**options), learner_with(), [batch_of(0, rows=2)])
    (rehearsal,) = replay.rehearse(batch_of(1))
    assert len(rehearsal.rows) == rows
    assert {tuple(row) for row in rehearsal.rows.x.tolist()} == {tuple(row) for row in batch_of(0, 2).x.tolist()}


def test_a_row_is_learned_as_fresh_before_it_is_rehearsed(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    learner = learner_with({"replay": {"rows": 100}})
    steps = [learner.learn(batch_of(seed)) for seed in range(3)]
    assert [(step.rows, step.rehearsed) for step in steps] == [(8, 0), (8, 8), (8, 8)]


def test_how_often_is_rehearsed_does_not_change_what_is_kept(
    learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    learner, batches = learner_with(), [batch_of(seed) for seed in range(40)]
    quiet, busy = replay_of(rows=10), replay_of(rows=10)
    for batch in batches:
        busy.rehearse(batch)
        busy.rehearse(batch)
        shown(quiet, learner, [batch])
        shown(busy, learner, [batch])
    assert torch.equal(quiet.memory.rows().provenance, busy.memory.rows().provenance)


@pytest.mark.parametrize(
    ("options", "capacity"),
    [
        ({}, 2000),
        ({"rows": 7}, 7),
        ({"bytes": "64KiB"}, 65_536 // 62),
        ({"bytes": 62}, 1),
        ({"bytes": "64KiB", "storage": "float16"}, 65_536 // 50),
        ({"bytes": "64KiB", "storage": "uint8"}, 65_536 // 44),
    ],
)
def test_the_budget_is_the_most_rows_that_fit(
    options: dict[str, Any], capacity: int, learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    replay = replay_of(**options)
    assert replay.memory.storage.capacity == capacity
    shown(replay, learner_with(), [batch_of(0, rows=capacity + 300)])
    assert len(replay.memory) == capacity
    if "bytes" in options:
        spare = replay.options.bytes - replay.memory.storage.nbytes
        assert 0 <= spare < row_bytes(6, replay.options.storage)


def test_a_budget_of_no_row_is_refused() -> None:
    with pytest.raises(ValueError, match=r"replay\.bytes: 61 bytes hold no row; one takes 62"):
        replay_of(bytes=61)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": 5, "bytes": 5}, "either in rows or in bytes"),
        ({"rows": 0}, "greater than or equal to 1"),
        ({"batch": 0}, "greater than or equal to 1"),
        ({"range": (1.0, 1.0)}, "low < high"),
        ({"policy": "newest"}, "class_balanced"),
    ],
)
def test_options_that_contradict_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ReplayOptions(**options)


def test_rare_classes_and_tasks_are_kept_by_the_policy_that_names_them(
    learner_with: MakeLearner, batch_of: MakeBatch
) -> None:
    rows = batch_of(0, rows=3000)
    rows.y[:] = torch.tensor([0] * 2900 + [1] * 100)
    rows.task[:] = torch.tensor([0] * 50 + [1] * 2950)
    tasks, classes = shown(replay_of(rows=80, policy="class_balanced"), learner_with(), [rows]).composition()
    assert classes == {0: 40, 1: 40}
    tasks, classes = shown(replay_of(rows=80, policy="task_balanced"), learner_with(), [rows]).composition()
    assert tasks == {0: 40, 1: 40}
    tasks, classes = shown(replay_of(rows=80), learner_with(), [rows]).composition()
    assert classes[0] > 65
    assert tasks[1] > 65


def test_in_regression_there_are_no_classes_to_count(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    replay = shown(replay_of(classification=False), learner_with(), [batch_of(0, regression=True, task=2)])
    assert replay.composition() == ({2: 8}, {})


def test_gauges_tell_rows_bytes_and_rows_seen(learner_with: MakeLearner, batch_of: MakeBatch) -> None:
    replay = shown(replay_of(rows=10), learner_with(), [batch_of(0), batch_of(1)])
    assert replay.gauges() == {
        "buffer_rows": 10,
        "buffer_capacity_rows": 10,
        "buffer_bytes": 620,
        "buffer_seen_rows": 16,
    }


@pytest.mark.parametrize(
    ("saved", "configured", "message"),
    [
        ({"rows": 10}, {"rows": 20}, "capacity 10, the configured one 20"),
        ({"storage": "float16"}, {}, "precision float16, the configured one float32"),
        (
            {"policy": "class_balanced"},
            {"policy": "task_balanced"},
            "policy class_balanced, the configured one task",
        ),
        ({"policy": "class_balanced"}, {}, "policy class_balanced, the configured one reservoir"),
    ],
)
def test_a_state_of_another_buffer_is_refused(
    saved: dict[str, Any], configured: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        replay_of(**configured).load_state_dict(replay_of(**saved).state_dict())


def test_an_asymmetric_loss_hides_the_classes_that_are_absent(
    batch_of: MakeBatch, learner_with: MakeLearner
) -> None:
    replay = replay_of(asymmetric=True)
    fresh = batch_of(1, rows=3)
    fresh.y[:] = torch.tensor([2, 0, 2])
    assert replay.hide(fresh) is None, "there is no past yet"
    shown(replay, learner_with(), [batch_of(0)])
    hidden = replay.hide(fresh)
    assert hidden is not None
    assert hidden.tolist() == [False, True, False, True]
    assert shown(replay_of(), learner_with(), [batch_of(0)]).hide(fresh) is None


def test_absent_classes_are_not_pushed_down(batch_of: MakeBatch, learner_with: MakeLearner) -> None:
    moved = {}
    for asymmetric in (False, True):
        options = {"asymmetric": asymmetric, "weight": 1e-9}
        learner = learner_with({"replay": options}, model={"type": "linear"}, scale=False)
        learner.learn(batch_of(0))
        before = learner.parameters.clone()
        fresh = batch_of(1)
        fresh.y[:] = 1
        learner.learn(fresh)
        moved[asymmetric] = (learner.parameters - before).abs().max().item()
    # Fresh rows of one class have nothing to be told apart from, once the others are hidden.
    assert moved[False] > 0.01
    assert moved[True] < 1e-6


@pytest.mark.parametrize("weight", [0.5, 2.0])
def test_a_weight_is_what_the_memory_counts(weight: float, batch_of: MakeBatch, learner_with: MakeLearner) -> None:
    learner = learner_with({"replay": {"weight": weight, "rows": 1, "batch": 3}}, scale=False)
    row = batch_of(0, rows=1)
    learner.learn(row)
    fresh = batch_of(1)
    losses = [float(learner.objective.loss(learner.predict(b.x), b.y)[0]) for b in (fresh, row)]
    assert learner.learn(fresh).loss == pytest.approx(losses[0] + weight * losses[1], rel=1e-5)

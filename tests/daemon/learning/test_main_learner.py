"""A main predicts before it learns, never learns what is held out, and consolidates at boundaries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest

from connectors.record import LocalRecord
from daemon.build.load import load_bytes
from daemon.build.pipeline import build_pipeline
from daemon.learning.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.learning.main_learner import MainLearner
    from daemon.learning.pipeline import Pipeline

CONFIG = """
source: {type: plant}
decoder: {type: json, label: label, task: task, features: [a, b], first_events: 1}
label: {type: class, classes: [no, yes]}
tasks: {type: %(tasks)s}
model: {type: linear}
optimizer: {type: sgd, lr: 0.5}
learner: {batch: %(batch)d, %(updates)s, standardise: false}
strategies: [{type: replay, rows: 50}, {type: ewc, every_events: null}]
retention: {probe_share: %(share)s, probe_rows: 100, every_events: 100, min_segment_events: 20}
checkpoint: {directory: state}
"""


def pipeline(
    *,
    batch: int = 4,
    share: float = 0.0,
    tasks: str = "field",
    updates: str = "updates_per_batch: 1",
    published: bool = False,
) -> Pipeline:
    text = CONFIG % {"batch": batch, "share": share, "tasks": tasks, "updates": updates}
    if published:
        text += "predictions: {type: file, path: unused}\n"
    config = load_bytes(text.encode(), file="test.yaml", environ={})
    return build_pipeline(config, stopwatch=Stopwatch())


def events(count: int, *, task: str = "one", first: int = 0, flip: bool = False) -> list[LocalRecord]:
    rng = np.random.default_rng(first)
    records = []
    for offset, (a, b) in enumerate(rng.normal(size=(count, 2)).tolist(), start=first):
        yes = (a > 0) != flip
        value = orjson.dumps({"a": a, "b": b, "label": "yes" if yes else "no", "task": task})
        records.append(LocalRecord("events", 0, offset, -1, None, value, []))
    return records


def main_of(made: Pipeline, records: Sequence[LocalRecord]) -> MainLearner:
    outcome = made.process(records)
    assert not outcome.rejects
    assert made.main is not None
    return made.main


def buffer_offsets(main: MainLearner) -> set[int]:
    replay: Any = dict(main.scored.learner.strategies)["replay"]
    return set(replay.memory.rows().offset.tolist())


def test_an_event_is_scored_by_the_model_from_before_it_was_learned() -> None:
    untrained = main_of(pipeline(batch=100), events(100))
    # A linear model starts at zero and says the first class; learning all of the block afterwards changes nothing.
    labels = [orjson.loads(record.value or b"")["label"] for record in events(100)]
    assert untrained.scored.prequential.total().accuracy == labels.count("no") / 100
    assert untrained.scored.learner.steps == 1


def test_what_is_held_out_is_in_the_probe_set_and_never_in_the_buffer() -> None:
    main = main_of(pipeline(share=0.4), events(40))
    tally = main.scored.take_tally()
    assert tally.held_out + tally.learned == 40
    assert 5 < tally.held_out < 30
    assert len(buffer_offsets(main)) == tally.learned
    assert main.state_dict()["probes"]["n_seen"][0] == tally.held_out


def test_a_micro_batch_of_held_out_events_alone_makes_no_step() -> None:
    made = pipeline(share=0.99, batch=1)
    main = main_of(made, events(30))
    tally = main.scored.take_tally()
    assert tally.steps == tally.learned == 30 - tally.held_out


def test_a_change_of_task_closes_the_micro_batch_consolidates_and_evaluates() -> None:
    made = pipeline(batch=32, share=0.2)
    main = main_of(made, events(40) + events(3, task="two", first=40))
    assert dict(main.scored.learner.strategies)["ewc"].gauges()["consolidations"] == 1
    assert main.waiting == 3
    assert main.scored.evaluator.figures().boundaries == 1
    (row,) = main.scored.evaluator.matrix.table()
    assert row.task == 0
    assert row.events == 40


def test_a_task_too_short_to_count_makes_no_boundary() -> None:
    main = main_of(pipeline(), events(19) + events(3, task="two", first=19))
    assert main.scored.evaluator.figures().boundaries == 0


def test_forward_transfer_compares_the_model_before_a_task_with_the_untrained_one() -> None:
    made = pipeline(share=0.3)
    main = main_of(made, events(200) + events(200, task="two", first=200))
    made.finish()
    two = main.scored.evaluator.figures().tasks[1]
    # The second task is the first one again: the model from before it can do it, the untrained one only guesses.
    assert two.before is not None
    assert two.untrained is not None
    assert two.before > 0.9
    assert two.untrained < 0.7
    assert main.scored.evaluator.figures().forward_transfer == pytest.approx(two.before - two.untrained)


def test_a_drift_alarm_consolidates_the_model_from_before_it() -> None:
    made = pipeline(tasks="drift", share=0.1)
    before = main_of(made, events(3000))
    assert before.alarms == 0
    main = main_of(made, events(2000, first=3000, flip=True))
    assert main.alarms >= 1
    assert main.scored.evaluator.figures().boundaries >= 1
    # The anchor is the model that still knew the old rule: it says yes where a is positive.
    anchor = dict(main.scored.learner.strategies)["ewc"].state_dict()["anchor"]
    assert anchor[2] > anchor[0]
    assert len(made.snapshot().tasks) >= 2
    assert not made.state_dict()["drifted"]


def test_a_consolidation_on_request_learns_what_waits_and_is_a_boundary() -> None:
    made = pipeline(batch=32, share=0.2)
    made.consolidate()
    main = main_of(made, events(40))
    assert main.waiting == 8
    made.consolidate()
    assert main.waiting == 0
    assert main.scored.evaluator.figures().boundaries == 1
    assert dict(main.scored.learner.strategies)["ewc"].gauges()["anchor_active"] == 1


def test_several_steps_offer_each_event_to_the_buffer_once() -> None:
    main = main_of(pipeline(updates="updates_per_batch: 3"), events(8))
    assert main.scored.learner.steps == 6
    assert dict(main.scored.learner.strategies)["replay"].gauges()["buffer_seen_rows"] == 8
    assert main.scored.take_tally().learned == 8


@pytest.mark.parametrize("batch", [1, 4, 16])
def test_a_step_every_fourth_event_learns_them_all(batch: int) -> None:
    main = main_of(pipeline(updates="updates_per_event: 0.25", batch=batch), events(32))
    assert main.scored.learner.steps == 8
    assert main.scored.take_tally().learned == 32
    assert len(buffer_offsets(main)) == 32


def test_a_task_whose_budget_is_spent_is_predicted_and_no_more() -> None:
    made = pipeline(updates="updates_per_task: 3")
    main = main_of(made, events(40))
    assert (main.scored.learner.steps, main.scored.steps_left) == (3, 0)
    assert buffer_offsets(main) == set(range(12))
    tally = main.scored.take_tally()
    assert (tally.predicted, tally.learned, tally.steps_saved) == (40, 12, 7)
    before = main.scored.learner.parameters.clone()
    made.process(events(8, first=40))
    assert before.equal(main.scored.learner.parameters)
    made.process(events(8, task="two", first=48))
    assert (main.scored.learner.steps, main.scored.steps_left) == (5, 1)


def test_an_operators_boundary_grants_a_new_budget() -> None:
    made = pipeline(updates="updates_per_task: 3")
    main = main_of(made, events(40))
    made.consolidate()
    assert main.scored.steps_left == 3


def test_what_is_said_of_rows_that_are_no_events_is_what_is_published_of_events_like_them() -> None:
    asked, unasked = pipeline(published=True), pipeline(published=True)
    main, twin = main_of(asked, events(64)), main_of(unasked, events(64))
    rows = np.random.default_rng(64).normal(size=(4, 2)).astype(np.float32)
    said = main.say(rows, task=0)
    outcome = asked.process(events(4, first=64))
    assert [one.prediction for one in outcome.predictions] == [["no", "yes"][code] for code in said["main"]]
    unasked.process(events(4, first=64))
    assert main.scored.learner.parameters.equal(twin.scored.learner.parameters)

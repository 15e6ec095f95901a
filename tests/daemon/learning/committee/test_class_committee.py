"""The committee's answers depend on the events in their order alone, and follow its best member."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest

from connectors.record import LocalRecord
from daemon.build.pipeline import build_pipeline
from daemon.config.schema import Config
from daemon.learning.snapshot import COMMITTEE, MAIN
from daemon.learning.stopwatch import Stopwatch
from daemon.state.state_tree import copy_tree
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from daemon.learning.pipeline import Pipeline
    from daemon.learning.snapshot import CommitteeSnapshot

CONFIG: dict[str, Any] = {
    "source": {"type": "file", "path": "unused"},
    "decoder": {"type": "json", "label": "y"},
    "label": {"type": "class", "max_classes": 5},
    "learner": {"batch": 16, "steps": "auto"},
    "retention": {"probe_share": 0.1, "probe_rows": 20},
    "checkpoint": {"directory": "unused"},
    "predictions": {"type": "file", "path": "unused"},
    "committee": {},
}


def made(**sections: Any) -> Pipeline:
    return build_pipeline(Config.model_validate(CONFIG | sections), stopwatch=Stopwatch())


def records(x: NDArray[np.float64], y: Sequence[int], *, keys: int = 1) -> list[LocalRecord]:
    return [
        LocalRecord(
            "stream",
            0,
            offset,
            -1,
            None if keys == 1 else str(offset % keys).encode(),
            orjson.dumps({"a": row[0], "b": row[1], "c": row[2], "y": f"class {label}"}),
            [],
        )
        for offset, (row, label) in enumerate(zip(x.tolist(), y, strict=True))
    ]


def stream(rows: int = 150, *, keys: int = 1, seed: int = 0) -> list[LocalRecord]:
    chance = np.random.default_rng(seed)
    x = chance.normal(size=(rows, 3))
    return records(x, (x @ chance.normal(size=(3, 5))).argmax(axis=1).tolist(), keys=keys)


def committee_of(pipeline: Pipeline) -> CommitteeSnapshot:
    snapshot = pipeline.snapshot().committee
    assert snapshot is not None
    return snapshot


def fed(pipeline: Pipeline, events: Sequence[LocalRecord], *, sizes: Sequence[int]) -> list[tuple[Any, Any]]:
    """What is published of events that come in groups of these sizes, again and again."""
    said, start, turn = [], 0, 0
    while start < len(events):
        stop = start + sizes[turn % len(sizes)]
        outcome = pipeline.process(events[start:stop])
        said += [(prediction.prediction, prediction.confidence) for prediction in outcome.predictions]
        start, turn = stop, turn + 1
    return said


def weights_of_stream(seed: int = 0) -> NDArray[np.float64]:
    """What the labels of ``stream`` are decided by, however many rows it has."""
    chance = np.random.default_rng(seed)
    chance.normal(size=(600, 3))
    return chance.normal(size=(3, 5))


def named(pipeline: Pipeline, labels: NDArray[np.int64]) -> list[int]:
    """Return the outputs that the pipeline has for labels."""
    classes = list(pipeline.snapshot().classes)
    return [classes.index(f"class {label}") for label in labels.tolist()]


@pytest.mark.parametrize("keys", [1, 3])
def test_answers_and_state_have_the_same_bits_however_events_are_grouped(keys: int) -> None:
    events = stream(keys=keys)
    whole, single = made(), made()
    assert fed(whole, events, sizes=[150]) == fed(single, events, sizes=[1, 2, 7])
    assert_same_state(copy_tree(whole.state_dict()), copy_tree(single.state_dict()))


@pytest.mark.parametrize("at", [1, 61, 77, 101])
def test_a_restart_in_the_middle_of_a_block_changes_no_bit(at: int) -> None:
    events, whole, first, again = stream(), made(), made(), made()
    expected = fed(whole, events, sizes=[50])
    said = fed(first, events[:at], sizes=[50])
    again.load_state_dict(copy_tree(first.state_dict()))
    assert said + fed(again, events[at:], sizes=[13]) == expected
    assert_same_state(copy_tree(whole.state_dict()), copy_tree(again.state_dict()))


def test_the_main_learner_is_the_same_with_and_without_it() -> None:
    alone, answered = made(committee=None), made()
    for pipeline in (alone, answered):
        pipeline.process(stream())
    states = [copy_tree(pipeline.state_dict()["main_learner"]["scored"]) for pipeline in (alone, answered)]
    assert_same_state(*states)


def test_it_is_evaluated_on_what_is_held_out_and_learns_nothing_from_that() -> None:
    often, once = (
        made(retention={"probe_share": 0.1, "probe_rows": 20, "every_events": every}) for every in (16, 10_000)
    )
    for pipeline in (often, once):
        pipeline.process(stream(600))
        pipeline.finish()
    learned = [
        copy_tree(pipeline.state_dict()["main_learner"]["committee"]["committee"]) for pipeline in (often, once)
    ]
    assert_same_state(*learned)
    scores = committee_of(often).scores
    assert scores.figures.tasks[0].samples == 20
    assert scores.summary["average_score"] == committee_of(once).scores.summary["average_score"]
    assert scores.summary["average_score"] is not None
    assert scores.summary["average_score"] > 0.6


def test_what_is_said_of_rows_that_are_no_events_is_of_both_and_changes_nothing() -> None:
    pipeline, alone = made(), made(committee=None)
    for each in (pipeline, alone):
        each.process(stream(600))
    assert pipeline.main is not None
    assert alone.main is not None
    before = copy_tree(pipeline.state_dict())
    x = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    said = pipeline.main.say(x, task=0)
    assert_same_state(before, copy_tree(pipeline.state_dict()))
    assert {name: answers.shape for name, answers in said.items()} == {MAIN: (200,), COMMITTEE: (200,)}
    known = alone.main.say(x, task=0)
    assert list(known) == [MAIN]
    np.testing.assert_array_equal(known[MAIN], said[MAIN])
    truth = named(pipeline, (x @ weights_of_stream()).argmax(axis=1))
    assert all((answers == truth).mean() > 0.6 for answers in said.values())


def test_where_labels_stay_it_is_as_good_as_repeating_them() -> None:
    chance = np.random.default_rng(3)
    y = np.repeat(chance.integers(0, 5, size=60), 10)
    events = records(chance.normal(size=(len(y), 3)), y.tolist())
    pipeline = made()
    pipeline.process(events)
    committee = committee_of(pipeline)
    assert committee.scores.total.accuracy is not None
    assert committee.scores.total.no_change_accuracy is not None
    assert committee.scores.total.accuracy >= committee.scores.total.no_change_accuracy - 0.03
    assert sum(committee.weights.values()) == pytest.approx(1)


def test_labels_that_nothing_tells_are_guessed_no_better_than_by_chance() -> None:
    chance = np.random.default_rng(4)
    y = chance.integers(0, 2, size=1_500)
    pipeline = made()
    pipeline.process(records(chance.normal(size=(len(y), 3)), y.tolist()))
    accuracy = committee_of(pipeline).scores.total.accuracy
    assert accuracy is not None
    assert accuracy == pytest.approx(0.5, abs=0.05)


def test_a_class_can_be_the_answer_from_the_row_after_its_first_one() -> None:
    y = [0] * 100 + [1] * 4
    pipeline = made(retention={"probe_share": 0.0})
    outcome = pipeline.process(records(np.zeros((len(y), 3)), y))
    assert outcome.predictions[100].prediction == "class 0"
    assert "class 1" in {prediction.prediction for prediction in outcome.predictions[101:]}


def test_a_checkpoint_without_a_committee_is_gone_on_with() -> None:
    before, after = made(committee=None), made()
    before.process(stream()[:70])
    after.load_state_dict(copy_tree(before.state_dict()))
    assert committee_of(after).scores.total.rows == 0
    after.process(stream()[70:])
    assert committee_of(after).scores.total.rows == 80


def test_one_broken_reading_does_not_spoil_the_answers_for_good() -> None:
    chance = np.random.default_rng(5)
    x = chance.normal(size=(1_500, 3))
    y = (x @ np.array([1.0, -1.0, 0.5]) > 0).astype(int).tolist()
    accuracies = []
    for broken in (False, True):
        rows = x.copy()
        # The main learner's own scale bears it only once a thousand events have come: see learner.clip_values.
        rows[1_100, 0] = 1e30 if broken else rows[1_100, 0]
        outcome = made().process(records(rows, y))
        said = [prediction.prediction for prediction in outcome.predictions]
        accuracies.append(
            np.mean([each == f"class {label}" for each, label in zip(said[1_250:], y[1_250:], strict=True)])
        )
    assert accuracies[1] >= accuracies[0] - 0.03

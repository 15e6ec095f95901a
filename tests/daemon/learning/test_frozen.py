"""The frozen companion is the main learner as it was at the first boundary, for good."""

from __future__ import annotations

import torch

from daemon.state.state_tree import copy_tree
from tests.daemon.learning.companion_stream import ALWAYS, companion, learned, main_of, pipeline, stream
from tests.daemon.same_state import assert_same_state

FROZEN = {"companions": {"naive": None, "frozen": ALWAYS}}
MODEL = ("network", "scaler", "objective")


def test_it_is_the_main_learner_at_the_first_boundary_and_stays_so() -> None:
    made, records = pipeline(**FROZEN), stream()
    made.process(records[:45])
    main = main_of(made)
    main.close_block()
    at_boundary = copy_tree(main.scored.learner.state_dict())
    made.process(records[45:])
    frozen = companion(main, "frozen").scored.learner.state_dict()
    for part in MODEL:
        assert_same_state(at_boundary[part], frozen[part])
    assert not torch.equal(main.scored.learner.parameters, frozen["network"]["parameters"])


def test_until_then_it_has_no_scores() -> None:
    made, records = pipeline(**FROZEN), stream(rows=60)
    made.process(records[:60])
    frozen = companion(main_of(made), "frozen")
    assert frozen.scored.prequential.total().rows == 0
    assert frozen.scored.evaluator.figures().events is None
    made.process(records[60:70])
    assert frozen.scored.evaluator.figures().events == 60
    assert frozen.scored.prequential.total().rows == 7


def test_it_has_the_main_learners_scores_at_that_boundary() -> None:
    main = learned(stream("PQ"), **FROZEN)
    first, frozen = (
        main.scored.evaluator.matrix.table()[0],
        companion(main, "frozen").scored.evaluator.matrix.table()[0],
    )
    assert first.scores.tobytes() == frozen.scores.tobytes()


def test_it_is_the_model_from_before_a_drift_alarm() -> None:
    tasks = {"type": "drift", "detector": "page_hinkley", "threshold": 1.0, "delta": 0.01, "min_events": 1100}
    made, calm = pipeline(**FROZEN, tasks=tasks), None
    for record in stream("PQ", rows=1200):
        made.process([record])
        main = main_of(made)
        if calm is None and made.state_dict()["drifted"]:
            calm = main.state_dict()["scored"]["pre_drift_weights"]["older"].clone()
    assert calm is not None
    assert not torch.equal(main.scored.evaluator.state_dict()["untrained"], calm)
    assert torch.equal(companion(main, "frozen").scored.learner.parameters, calm)


def test_it_is_the_same_after_a_restart() -> None:
    made, records = pipeline(**FROZEN), stream()
    made.process(records[:100])
    again = pipeline(**FROZEN)
    again.load_state_dict(copy_tree(made.state_dict()))
    for each in (made, again):
        each.process(records[100:])
    assert_same_state(copy_tree(made.state_dict()), copy_tree(again.state_dict()))

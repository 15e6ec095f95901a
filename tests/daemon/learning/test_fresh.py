"""The fresh companion begins anew at every boundary: what it learns, nobody has unlearned before."""

from __future__ import annotations

import torch

from daemon.state.state_tree import copy_tree
from tests.daemon.learning.companion_stream import companion, learned, main_of, pipeline, stream
from tests.daemon.same_state import assert_same_state

FRESH = {"companions": {"naive": None, "frozen": None, "fresh": {"every_events": None}}}


def test_at_a_boundary_it_is_what_the_main_learner_was_before_its_first_event() -> None:
    made, records = pipeline(**FRESH), stream()
    made.process(records[:1])
    main = main_of(made)
    untrained = main.scored.learner.parameters.clone()
    made.process(records[1:46])
    fresh = companion(main, "fresh").scored.learner
    assert torch.equal(fresh.parameters, untrained)
    assert not torch.equal(main.scored.learner.parameters, untrained)
    assert fresh.steps == 0
    scales = [learner.state_dict()["scaler"]["count"] for learner in (fresh, main.scored.learner)]
    # The main learner has scaled the event that began the next task; a companion scales a block when it is closed.
    assert scales == [45, 46]


def test_until_the_first_boundary_it_learns_as_a_challenger_with_the_same_options_would() -> None:
    records = stream(rows=40)[:40]
    fresh = companion(learned(records, **FRESH), "fresh")
    assert fresh.scored.learner.steps > 0
    assert fresh.scored.prequential.total().rows == 40


def test_it_begins_anew_after_so_many_events_too() -> None:
    sections = FRESH | {"companions": {"naive": None, "frozen": None, "fresh": {"every_events": 1_000}}}
    main = learned(stream("P", rows=1_015), **sections)
    # Blocks are of seven rows: the 143rd ends with event 1,001, before which it begins anew.
    assert companion(main, "fresh").scored.learner.steps <= 3
    assert main.scored.learner.steps > 140


def test_it_has_no_scores_of_earlier_tasks() -> None:
    main = learned(stream("PQPR"), **FRESH)
    assert companion(main, "fresh").scored.evaluator.figures().events is None


def test_the_main_learner_does_not_notice_it() -> None:
    alone = learned(stream(), companions={"naive": None, "frozen": None})
    beside = learned(stream(), **FRESH)
    assert_same_state(copy_tree(alone.scored.learner.state_dict()), copy_tree(beside.scored.learner.state_dict()))


def test_it_is_the_same_after_a_restart() -> None:
    made, records = pipeline(**FRESH), stream()
    made.process(records[:100])
    again = pipeline(**FRESH)
    again.load_state_dict(copy_tree(made.state_dict()))
    for each in (made, again):
        each.process(records[100:])
    assert_same_state(copy_tree(made.state_dict()), copy_tree(again.state_dict()))

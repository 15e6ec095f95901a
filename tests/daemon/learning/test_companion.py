"""A companion is what a run of its own would be, and the main learner does not notice it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from daemon.state.state_tree import copy_tree
from tests.daemon.learning.companion_stream import (
    ALWAYS,
    NOBODY,
    NOISY,
    companion,
    generator_now,
    learned,
    main_of,
    pipeline,
    state_of,
    stream,
)
from tests.daemon.same_state import assert_same_state

ALL = {
    "naive": {"every_blocks": 2},
    "frozen": {"every_blocks": 3},
    "challenger": {"strategies": [{"type": "replay", "rows": 9}], "optimizer": {"type": "sgd"}},
}
SECTIONS: dict[str, dict[str, Any]] = {
    "classes": {},
    "numbers": {"label": {"type": "number"}},
    "a model that draws": NOISY,
    "several steps, nothing standardised": {"learner": {"batch": 16, "updates_per_batch": 3, "standardise": False}},
}


@pytest.mark.parametrize("case", SECTIONS)
def test_a_naive_companion_is_bit_for_bit_a_run_without_strategies(case: str) -> None:
    sections = SECTIONS[case]
    records = stream(regression=case == "numbers")
    beside = companion(learned(records, **sections, companions={"naive": ALWAYS, "frozen": None}), "naive")
    alone = learned(records, **sections, strategies=[])
    assert_same_state(state_of(alone), state_of(beside))
    assert alone.scored.evaluator.figures().boundaries == 3


def test_a_challenger_is_bit_for_bit_a_run_with_what_its_section_says() -> None:
    own = {"optimizer": {"type": "sgd", "lr": 0.3}, "learner": {"updates_per_batch": 2, "clip_norm": 0.5}}
    records = stream()
    main = learned(records, companions=NOBODY | {"challenger": {"strategies": [], **own}})
    alone = learned(records, **own | {"learner": {"batch": 7, **own["learner"]}}, strategies=[])
    assert_same_state(state_of(alone), state_of(companion(main, "challenger")))


@pytest.mark.parametrize("case", SECTIONS)
def test_the_main_learner_is_the_same_with_and_without_companions(case: str) -> None:
    sections = SECTIONS[case]
    records = stream(regression=case == "numbers")
    alone, drawn = copy_tree(learned(records, **sections).state_dict()), generator_now()
    beside = copy_tree(learned(records, **sections, companions=ALL).state_dict())
    assert generator_now() == drawn
    for state in (alone, beside):
        del state["companions"]
    assert_same_state(alone, beside)


def test_a_companion_processes_one_micro_batch_out_of_so_many() -> None:
    records = stream("P", rows=70)
    main = learned(records, companions={"naive": {"every_blocks": 4}, "frozen": None})
    naive = companion(main, "naive")
    # Ten blocks of seven; it met the first, the fifth and the ninth.
    assert naive.scored.prequential.total().rows == 21
    assert naive.scored.learner.steps == 3
    assert naive.scored.take_tally().predicted == 21
    assert naive.scored.take_tally().predicted == 0


def test_it_is_evaluated_less_often_but_always_on_new_tasks_at_boundaries_and_at_the_end() -> None:
    made = pipeline(companions={"naive": {"every_blocks": 1, "every_examinations": 3}, "frozen": None})
    records = stream("PQ", rows=180)
    made.process(records[:149])
    naive = companion(main_of(made), "naive")
    assert naive.scored.evaluator.figures().events == 56
    made.process(records[149:180])
    assert naive.scored.evaluator.figures().events == 154
    made.process(records[180:190])
    assert (naive.scored.evaluator.figures().events, naive.scored.evaluator.figures().boundaries) == (180, 1)
    made.process(records[190:240])
    # The boundary was the latest evaluation, and the next one is not theirs by its number.
    assert (naive.scored.evaluator.figures().events, sorted(naive.scored.evaluator.figures().tasks)) == (
        201,
        [0, 1],
    )
    made.process(records[240:])
    made.finish()
    assert naive.scored.evaluator.figures().events == 360


def test_the_probes_are_the_same_for_all_and_learned_by_nobody() -> None:
    main = learned(stream(), companions=ALL | {"naive": ALWAYS})
    naive, challenger = companion(main, "naive"), companion(main, "challenger")
    replay: Any = dict(challenger.scored.learner.strategies)["replay"]
    held_out = main.scored.take_tally().held_out
    assert held_out > 20
    assert replay.memory.admission.n_seen == len(stream()) - held_out - main.waiting
    ours, theirs = main.scored.evaluator.matrix.latest(), naive.scored.evaluator.matrix.latest()
    assert ours is not None
    assert theirs is not None
    assert ours.counts.tolist() == theirs.counts.tolist()


def test_the_main_learner_is_the_naive_one_without_strategies() -> None:
    assert [name for name, _ in learned(stream("P"), strategies=[], companions={}).companions] == ["frozen"]


def test_torch_is_left_as_it_was_by_a_companion_that_is_made() -> None:
    torch.manual_seed(5)
    learned(stream("P")[:1], **NOISY)
    alone = generator_now()
    torch.manual_seed(6)
    learned(stream("P")[:1], **NOISY, companions=ALL)
    assert generator_now() == alone
